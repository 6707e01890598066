use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race")]
impl Race {
    #[system(after = "my plugin")]
    fn drive(&mut self) {}
}

#[plugin(name = "race")]
impl Race {
    #[system(before = "physics/")]
    fn stop(&mut self) {}
}

#[plugin(name = "race")]
impl Race {
    #[system(after = "")]
    fn start(&mut self) {}
}

#[plugin(name = "race")]
impl Race {
    #[system(after = "physics/step/early")]
    fn turn(&mut self) {}
}

fn main() {}

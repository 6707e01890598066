use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Position {
    x: f32,
}

#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Lap {
    number: u32,
}

topic! { Laps("race/lap"): Lap, priority = Normal, capacity = 4096; }

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "race", version = "1.0.0")]
impl Race {
    #[system(after = ai)]
    fn drive(&mut self) {}
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

#[plugin(name = "my plugin")]
impl Race {
    #[system]
    fn blank(&mut self) {}
}

#[plugin(name = "")]
impl Race {
    #[system]
    fn empty(&mut self) {}
}

#[plugin(name = "race/track")]
impl Race {
    #[system]
    fn slash(&mut self) {}
}

#[plugin(name = "race.track")]
impl Race {
    #[system]
    fn dot(&mut self) {}
}

#[plugin(name = "-race")]
impl Race {
    #[system]
    fn hyphen_first(&mut self) {}
}

#[plugin(name = "a_name_that_is_one_byte_longer_than_the_name_of_a_participant_may")]
impl Race {
    #[system]
    fn too_long(&mut self) {}
}

fn main() {}

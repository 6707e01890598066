use plugin_sdk::prelude::*;

#[interface]
pub trait RaceApi {
    fn laps(&self) -> u32;
    fn add(&mut self, laps: u32) -> Result<u32>;
}

#[derive(Default, PluginState)]
struct Race {
    laps: u32,
}

trait Other {}

#[plugin(name = "race", implements(RaceApi, Other))]
impl Race {
    #[export]
    fn laps(&self) -> u32 {
        self.laps
    }

    #[export]
    fn add(&mut self, laps: u32) -> Result<u32> {
        self.laps += laps;
        Ok(self.laps)
    }
}

fn main() {}

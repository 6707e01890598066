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

#[plugin(name = "race", implements(RaceApi))]
impl Race {
    #[export]
    fn laps(&self) -> u64 {
        self.laps.into()
    }

    #[export]
    fn add(&mut self, laps: u32) -> Result<u32> {
        self.laps += laps;
        Ok(self.laps)
    }
}

fn main() {}

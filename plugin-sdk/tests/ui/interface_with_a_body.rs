use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn laps(&self) -> u32 {
        3
    }
}

fn main() {}

use plugin_sdk::prelude::*;

#[interface(name = "race")]
trait RaceApi {
    fn laps(&self) -> u32;
}

fn main() {}

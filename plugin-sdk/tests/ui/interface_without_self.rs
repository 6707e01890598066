use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn laps() -> u32;
}

fn main() {}

use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    const LAPS: u32;
}

fn main() {}

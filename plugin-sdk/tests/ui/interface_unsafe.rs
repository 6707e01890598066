use plugin_sdk::prelude::*;

#[interface]
unsafe trait RaceApi {
    fn laps(&self) -> u32;
}

fn main() {}

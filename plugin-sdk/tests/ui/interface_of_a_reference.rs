use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn add(&mut self, laps: &u32);
}

fn main() {}

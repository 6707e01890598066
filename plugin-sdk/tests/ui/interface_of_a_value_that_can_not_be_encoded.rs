use plugin_sdk::prelude::*;

struct Lap;

#[interface]
trait RaceApi {
    fn add(&mut self, lap: Lap);
}

fn main() {}

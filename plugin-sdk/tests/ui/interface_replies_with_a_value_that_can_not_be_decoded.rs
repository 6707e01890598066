use plugin_sdk::prelude::*;

struct Lap;

#[interface]
trait RaceApi {
    fn last(&self) -> Lap;
}

fn main() {}

use plugin_sdk::prelude::*;

#[interface]
trait RaceApi: Send {
    fn laps(&self) -> u32;
}

fn main() {}

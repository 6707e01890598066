use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn laps(&self, call: &CallContext) -> u32;
}

fn main() {}

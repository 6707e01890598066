use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn add<T>(&mut self, laps: T);
}

fn main() {}

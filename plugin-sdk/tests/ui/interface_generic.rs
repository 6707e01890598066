use plugin_sdk::prelude::*;

#[interface]
trait RaceApi<T> {
    fn laps(&self) -> T;
}

fn main() {}

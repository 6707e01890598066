use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn connect(&self);
}

fn main() {}

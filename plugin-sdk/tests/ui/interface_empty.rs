use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {}

fn main() {}

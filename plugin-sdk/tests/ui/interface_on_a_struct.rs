use plugin_sdk::prelude::*;

#[interface]
struct RaceApi;

fn main() {}

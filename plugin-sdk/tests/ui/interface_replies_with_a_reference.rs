use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn winner(&self) -> Option<&str>;
}

fn main() {}

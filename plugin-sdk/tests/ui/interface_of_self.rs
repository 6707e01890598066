use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    fn copy(&self) -> Vec<Self>;
}

fn main() {}

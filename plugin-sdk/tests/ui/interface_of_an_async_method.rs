use plugin_sdk::prelude::*;

#[interface]
trait RaceApi {
    async fn laps(&self) -> u32;
}

fn main() {}

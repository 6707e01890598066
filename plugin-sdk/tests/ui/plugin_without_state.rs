use plugin_sdk::prelude::*;

struct Race;

#[plugin(name = "race")]
impl Race {
    #[system]
    fn drive(&mut self) {}
}

fn main() {}

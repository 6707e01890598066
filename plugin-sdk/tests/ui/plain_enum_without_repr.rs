use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Plain)]
enum Mood {
    Calm,
    Angry,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Plain)]
#[repr(u8)]
enum Mood {
    Calm,
    Angry,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Message)]
#[repr(u8)]
enum Mood {
    Calm,
    Angry,
}

fn main() {}

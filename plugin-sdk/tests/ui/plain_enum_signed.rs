use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Plain)]
#[repr(i32)]
enum Mood {
    Calm = -1,
    Angry = 1,
}

fn main() {}

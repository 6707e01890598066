use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Plain)]
#[repr(C)]
enum Mood {
    Calm,
    Angry,
}

fn main() {}

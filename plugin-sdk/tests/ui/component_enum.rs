use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
enum Mood {
    Calm,
    Angry,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Clone, Copy)]
#[repr(u8)]
enum Mood {
    Calm,
    Angry,
}

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    mood: Mood,
}

fn main() {}

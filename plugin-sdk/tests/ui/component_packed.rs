use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C, packed)]
struct Position {
    x: f32,
}

fn main() {}

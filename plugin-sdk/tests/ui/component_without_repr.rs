use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
struct Position {
    x: f32,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Component)]
#[repr(C)]
struct Position {
    x: f32,
}

fn main() {}

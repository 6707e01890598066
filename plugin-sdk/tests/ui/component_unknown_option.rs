use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[component(storage = "sparse")]
#[repr(C)]
struct Position {
    x: f32,
}

fn main() {}

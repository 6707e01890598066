use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Position(f32, f32);

fn main() {}

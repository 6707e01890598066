use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    alive: bool,
}

fn main() {}

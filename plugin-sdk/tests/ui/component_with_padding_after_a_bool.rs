use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    number: u32,
    alive: bool,
}

fn main() {}

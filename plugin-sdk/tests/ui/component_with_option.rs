use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    target: Option<u32>,
}

fn main() {}

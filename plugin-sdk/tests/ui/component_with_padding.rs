use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    small: u8,
    large: u32,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
union Part {
    number: u32,
    bytes: [u8; 4],
}

fn main() {}

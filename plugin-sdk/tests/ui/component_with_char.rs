use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    letter: char,
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Part {
    name: &'static str,
}

fn main() {}

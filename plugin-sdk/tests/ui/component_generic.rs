use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Pair<T> {
    first: T,
    second: T,
}

fn main() {}

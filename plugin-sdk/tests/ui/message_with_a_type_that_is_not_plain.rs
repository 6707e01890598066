use plugin_sdk::prelude::*;

#[derive(Clone, Copy)]
#[repr(C)]
struct Inner {
    x: f32,
}

#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Outer {
    inner: Inner,
}

fn main() {}

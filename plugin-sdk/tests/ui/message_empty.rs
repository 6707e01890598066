use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Message)]
#[repr(C)]
struct Ping;

fn main() {}

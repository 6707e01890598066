use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Message)]
#[repr(C, align(16))]
struct Lap {
    numbers: [u64; 2],
}

fn main() {}

use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Message)]
#[repr(C, align(32))]
struct Lap {
    numbers: [u64; 4],
}

fn main() {}

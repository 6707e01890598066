use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Plain)]
#[plain(name = "Mood")]
#[repr(u8)]
enum Mood {
    Calm,
}

fn main() {}

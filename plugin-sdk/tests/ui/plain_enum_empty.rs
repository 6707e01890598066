use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Plain)]
#[repr(u8)]
enum Mood {}

fn main() {}

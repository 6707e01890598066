use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[component(name = "my game.Mood")]
#[repr(C)]
struct Mood {
    ticks: u32,
}

fn main() {}

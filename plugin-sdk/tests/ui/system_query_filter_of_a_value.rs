use plugin_sdk::prelude::*;

#[derive(Clone, Copy, Component)]
#[repr(C)]
struct Position {
    x: f32,
}

#[derive(Default, PluginState)]
struct Race {}

#[plugin(name = "race")]
impl Race {
    #[system]
    fn drive(&mut self, _cars: Query<&mut Position, Position>) {}
}

fn main() {}

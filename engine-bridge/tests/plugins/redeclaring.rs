//! A component's name may be declared with another layout once no entity, plugin or host code uses the old one.

use bevy_ecs::prelude::World;
use engine_bridge::bevy::{Col, ComponentRegistry, RegisterError, world_hash};
use plugin_sdk::prelude::*;

use super::game::Game;

/// The layout in the first build of `keeper` and in its friend.
#[derive(Clone, Copy, Component)]
#[component(name = "fixtures.Kept")]
#[repr(C)]
struct Kept {
    value: u64,
}

/// The layout in `keeper_other_layout`.
mod other {
    use plugin_sdk::prelude::*;

    #[derive(Clone, Copy, Component)]
    #[component(name = "fixtures.Kept")]
    #[repr(C)]
    pub(super) struct Kept {
        value: f64,
        weight: f64,
    }
}

#[derive(Default, PluginState)]
struct Keeper {
    seen: u64,
}

fn seen(game: &Game) -> u64 {
    game.state::<Keeper>("keeper").seen
}

/// Number of components that bevy has; it frees none.
fn components(game: &Game) -> usize {
    game.world.components().iter_registered().count()
}

/// A game after frames 0 to 5, in which an entity with the component was spawned and despawned.
fn game() -> Game {
    let mut game = Game::with(&[("keeper", "keeper_v1")]);
    game.frames(6);
    assert_eq!(seen(&game), 3 * 7);
    game
}

#[test]
fn a_layout_that_no_entity_and_no_other_plugin_has_may_change_and_return() {
    let mut game = game();
    let before = seen(&game);
    game.swap("keeper", "keeper_other_layout");
    game.frames(2);
    game.refuse("keeper", "keeper_v1");
    game.log.line("in use by entities fixtures.Kept@1 16/8 {");
    game.frames(1);
    assert_eq!((seen(&game), game.commands().2), (before + 2 * 100, 0));
    // The last entity with that layout has gone.
    game.swap("order_a", "order_a");
    game.await_that(|game| game.stats("keeper").generation == 3);
    game.frames(1);
    assert_eq!(seen(&game), before + 2 * 100);
}

#[test]
fn a_layout_that_an_entity_has_is_refused_until_that_is_gone() {
    let mut game = Game::with(&[("keeper", "keeper_v1")]);
    game.frames(3);
    game.refuse("keeper", "keeper_other_layout");
    let line = game.log.line("generation 1 keeps running");
    for words in ["\"fixtures.Kept\"", "fixtures.Kept@1 16/8 {", "in use by entities fixtures.Kept@1 8/8 {"] {
        assert!(line.contains(words), "no {words:?} in {line}");
    }
    game.frames(3);
    assert_eq!(seen(&game), 3 * 7, "the running build keeps running with its entity");
    // It is tried again when another plugin comes.
    game.swap("order_a", "order_a");
    game.await_that(|game| game.stats("keeper").generation == 2);
    game.frames(2);
    assert_eq!(seen(&game), 3 * 7 + 100);
}

#[test]
fn a_layout_that_another_plugin_has_is_refused_until_that_is_gone() {
    let mut game = Game::with(&[("keeper", "keeper_v1"), ("keeper_friend", "keeper_friend")]);
    game.frames(6);
    game.refuse("keeper", "keeper_other_layout");
    assert!(game.log.line("generation 1 keeps running").contains("fixtures.Kept@1 16/8 {"));
    std::fs::remove_file(game.path("keeper_friend")).expect("the plugin's file can be removed");
    game.await_that(|game| game.stats("keeper").generation == 2);
    game.frames(2);
    assert_eq!(seen(&game), 3 * 7 + 100);
}

#[test]
fn a_layout_of_commands_alone_may_change_and_a_refused_one_leaves_no_trace() {
    let mut game = game();
    let hash = world_hash(&mut game.world);
    // It has another layout, and a name that a refused build can't take.
    game.refuse("order_a", "order_circle");
    assert_eq!(world_hash(&mut game.world), hash);
    game.swap("keeper", "keeper_commands_only");
    game.frames(2);
    assert_eq!(game.commands(), (4, 0, 0));
    let with_rows = world_hash(&mut game.world);
    assert_ne!(with_rows, hash, "the hash covers the new layout");
}

#[test]
fn layouts_that_come_and_go_make_no_more_components_than_there_are_layouts() {
    let mut game = game();
    std::fs::remove_file(game.path("keeper")).expect("the plugin's file can be removed");
    game.await_that(|game| !game.runs("keeper"));
    let mut counts = Vec::new();
    for _ in 0..4 {
        for (plugin, build) in [("keeper", "keeper_commands_only"), ("keeper_friend", "keeper_friend")] {
            game.swap(plugin, build);
            std::fs::remove_file(game.path(plugin)).expect("the plugin's file can be removed");
            game.await_that(|game| !game.runs(plugin));
        }
        counts.push(components(&game));
    }
    assert_eq!(counts, [counts[0]; 4]);
}

#[test]
fn host_code_may_bind_what_no_plugin_uses_any_more_and_its_layout_stays() {
    let mut game = game();
    assert!(matches!(ComponentRegistry::bind::<Kept>(&mut game.world), Err(RegisterError::Late(_))));
    std::fs::remove_file(game.path("keeper")).expect("the plugin's file can be removed");
    game.await_that(|game| !game.runs("keeper"));
    ComponentRegistry::bind::<Kept>(&mut game.world).expect("nobody uses the name");
    ComponentRegistry::bind::<Kept>(&mut game.world).expect("twice is as once");
    let Err(RegisterError::Late(name)) = ComponentRegistry::bind::<other::Kept>(&mut game.world) else {
        panic!("the name is bound to another type");
    };
    assert_eq!(name, "fixtures.Kept");
    game.refuse("keeper", "keeper_other_layout");
    assert!(game.log.line("not loaded").contains("in use by the game itself fixtures.Kept@1 8/8 {"));
    game.swap("keeper", "keeper_v1");
    let entity = game.spawn(Col(Kept { value: 5 }));
    let before = seen(&game);
    game.frames(1);
    assert_eq!(seen(&game), before + 5, "plugins see the host's column");
    assert!(game.world.get_entity(entity).is_err(), "and despawn entities that have it");
}

#[test]
fn a_name_that_was_never_declared_may_be_bound_at_any_time() {
    let mut world = World::new();
    ComponentRegistry::bind::<other::Kept>(&mut world).expect("nobody uses the name");
}

//! Swaps over columns: the world stays, the code changes, and the schedules follow the terms.

use bevy_ecs::change_detection::DetectChanges;
use bevy_ecs::prelude::{Entity, Ref};
use engine_bridge::bevy::{Col, world_hash};
use plugin_sdk::prelude::*;

use super::game::Game;
use super::types::{Frozen, Position, Velocity};

#[derive(Default, PluginState)]
struct Mover {
    frames: u64,
}

/// A world in which `mover` has moved one entity for two frames of one second each; a second entity is frozen, a third has no velocity.
fn game() -> (Game, [Entity; 3]) {
    let mut game = Game::with(&[("mover", "mover_v1")]);
    let velocity = Col(Velocity { x: 1.0, y: 0.5 });
    let entities = [
        game.spawn((Col(Position::default()), velocity)),
        game.spawn((Col(Position::default()), velocity, Col(Frozen))),
        game.spawn(Col(Position { x: 7.0, y: 7.0 })),
    ];
    game.frames(2);
    assert_eq!(game.get(entities[0]), Some(Position { x: 2.0, y: 1.0 }));
    (game, entities)
}

/// Asserts that the refused build has changed nothing, and that the old one continues with its schedules.
fn goes_on(mut game: Game, entities: [Entity; 3], words: &[&str]) {
    let line = game.log.line("generation 1 keeps running");
    for word in words {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    game.frames(1);
    let positions = entities.map(|entity| game.get::<Position>(entity));
    let [moved, untouched] = [Position { x: 3.0, y: 1.5 }, Position { x: 7.0, y: 7.0 }].map(Some);
    assert_eq!(positions, [moved, moved, untouched]);
    assert_eq!(game.state::<Mover>("mover").frames, 3);
    assert_eq!(game.schedules_built(), 1);
}

#[test]
fn a_swap_with_the_same_terms_keeps_the_schedules_and_runs_the_new_code_on_the_same_columns() {
    let (mut game, [moving, ..]) = game();
    game.swap("mover", "mover_v2");
    game.frames(1);
    assert_eq!(game.get(moving), Some(Position { x: 12.0, y: 6.0 }));
    assert_eq!(game.state::<Mover>("mover").frames, 3);
    assert_eq!(game.schedules_built(), 1);
}

#[test]
fn a_swap_is_prepared_beside_the_frame_in_which_the_old_code_still_runs() {
    let (mut game, [moving, ..]) = game();
    game.put("mover", "mover_v2");
    game.await_news();
    game.frames(1);
    assert_eq!((game.stats("mover").generation, game.get(moving)), (1, Some(Position { x: 3.0, y: 1.5 })));
    game.frames(1);
    assert_eq!((game.stats("mover").generation, game.get(moving)), (2, Some(Position { x: 13.0, y: 6.5 })));
    assert_eq!(game.state::<Mover>("mover").frames, 4);
    assert_eq!(game.log.count("its state is saved"), 1, "it was not called after its last system");
}

#[test]
fn a_swap_with_an_added_system_and_another_filter_builds_the_schedules_anew() {
    let (mut game, [moving, frozen, still]) = game();
    game.swap("mover", "mover_more");
    assert_eq!(game.schedules_built(), 2);
    game.frames(1);
    assert_eq!(game.get(moving), Some(Position { x: 3.0, y: 1001.0 }));
    assert_eq!(game.get(frozen), Some(Position { x: 2.0, y: 1001.0 }));
    assert_eq!(game.get(still), Some(Position { x: 7.0, y: 1007.0 }));
    game.swap("mover", "mover_v1");
    assert_eq!(game.schedules_built(), 3);
    game.frames(1);
    assert_eq!(game.get(still), Some(Position { x: 7.0, y: 1007.0 }), "the system that is gone no longer runs");
    assert_eq!(game.state::<Mover>("mover").frames, 4);
}

#[test]
fn another_layout_of_a_component_is_refused_by_name_with_both_schemas() {
    let (mut game, entities) = game();
    game.refuse("mover", "mover_other_layout");
    goes_on(game, entities, &["\"fixtures.Position\"", "fixtures.Position@1 16/8 {", "fixtures.Position@1 8/4 {"]);
}

#[test]
fn what_a_refused_build_meant_by_a_new_component_does_not_bind_the_next_one() {
    let (mut game, [moving, ..]) = game();
    game.refuse("mover", "mover_other_layout");
    game.swap("mover", "mover_aside");
    game.frames(2);
    assert_eq!(game.get(moving), Some(Position { x: -1.0, y: 1.0 }));
}

#[test]
fn queries_of_one_system_that_overlap_are_refused_by_name() {
    let (mut game, entities) = game();
    game.refuse("mover", "mover_overlap");
    goes_on(game, entities, &["mover/step", "\"fixtures.Position\"", "disjoint with `With` and `Without`"]);
}

#[test]
fn queries_that_are_made_disjoint_as_advised_are_accepted() {
    let (mut game, [moving, frozen, still]) = game();
    game.refuse("mover", "mover_overlap");
    game.swap("mover", "mover_disjoint");
    let before = [moving, frozen, still].map(|entity| game.get::<Position>(entity).expect("it lives").x);
    game.frames(1);
    let after = [moving, frozen, still].map(|entity| game.get::<Position>(entity).expect("it lives").x);
    assert_eq!(after, [before[0] + 1.0, before[1], before[2] + 1.0]);
}

#[test]
fn a_plugin_that_is_removed_stops_moving_things_and_goes_on_when_it_returns() {
    let (mut game, [moving, ..]) = game();
    std::fs::remove_file(game.path("mover")).expect("the plugin's file can be removed");
    game.await_that(|game| !game.runs("mover"));
    game.frames(3);
    assert_eq!(game.get(moving), Some(Position { x: 2.0, y: 1.0 }));
    game.swap("mover", "mover_v1");
    game.frames(1);
    assert_eq!(game.get(moving), Some(Position { x: 3.0, y: 1.5 }));
}

#[test]
fn what_a_plugin_wrote_is_stamped_as_changed_and_what_it_left_alone_is_not() {
    let (mut game, [moving, _, still]) = game();
    game.world.clear_trackers();
    game.frames(1);
    let mut changed = game.world.query::<(Entity, Ref<'_, Col<Position>>)>();
    let changed: Vec<Entity> =
        changed.iter(&game.world).filter(|(_, position)| position.is_changed()).map(|(entity, _)| entity).collect();
    assert!(changed.contains(&moving) && !changed.contains(&still), "{changed:?}");
}

#[test]
fn a_world_with_no_op_swaps_has_the_hash_of_one_without() {
    let run = |swaps: bool| {
        let (mut game, _) = game();
        for round in 0..6 {
            if swaps {
                game.swap("mover", if round % 2 == 0 { "mover_v1_again" } else { "mover_v1" });
            }
            game.frames(2);
        }
        assert_eq!(game.stats("mover").reloads, if swaps { 6 } else { 0 });
        let hash = world_hash(&mut game.world);
        assert!(hash.unsaved.is_empty(), "{hash:?}");
        hash.value
    };
    assert_eq!(run(true), run(false));
}

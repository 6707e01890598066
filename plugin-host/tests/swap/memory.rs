//! The frame arena, as plugins see it; images that are no longer used.

use plugin_host::{ARENA_LIMIT_BYTES, FrameInfo};
use plugin_sdk::prelude::*;

use super::game::Game;

#[derive(Default, PluginState)]
struct Arenas {
    sum: u64,
    pieces: u64,
    full: u64,
}

/// Runs the arena plugin for one frame; gives the bytes that it used.
fn frame(game: &mut Game, tick: u64) -> usize {
    let frame = FrameInfo { tick, seed: 1, delta_seconds: 1.0 / 60.0 };
    game.engine.run(&frame, game.host.arena());
    game.host.end_frame()
}

#[test]
fn what_plugins_place_in_the_arena_is_there_and_is_counted() {
    let mut game = Game::with(&[("arena", "arena")]);
    let used = frame(&mut game, 0);
    assert_eq!(game.state::<Arenas>("arena").sum, 300 + 5 + 45 + 8);
    // 100 values, one more, a list that outgrew 1 and 8, a text.
    assert_eq!(used, 800 + 8 + (1 + 8 + 16) * 8 + 8);
    assert_eq!(frame(&mut game, 2), used, "each frame begins anew");
}

#[test]
fn past_the_limit_an_allocation_fails_and_the_next_frame_has_room_again() {
    let mut game = Game::with(&[("arena", "arena")]);
    let used = frame(&mut game, 1);
    let state = game.state::<Arenas>("arena");
    assert_eq!(state.full, 1);
    assert!(used <= ARENA_LIMIT_BYTES && used > ARENA_LIMIT_BYTES - (2 << 20), "{used} of {ARENA_LIMIT_BYTES}");
    assert!(!game.is_suspended("arena"), "a full arena is no fault");
    assert!(frame(&mut game, 2) < 4096);
    frame(&mut game, 1);
    assert_eq!(game.state::<Arenas>("arena").pieces, state.pieces * 2);
}

#[test]
fn a_replaced_image_is_retired_and_stays_mapped() {
    let mut game = Game::with(&[("retired", "retired_v1")]);
    game.swap("retired", "retired_v2");
    game.swap("retired", "retired_v1");
    game.frames(1);
    let stats = game.stats("retired");
    assert_eq!(stats.retired_images, 2);
    assert!(stats.retired_bytes > 2 << 17, "{stats:?}");
    #[cfg(target_os = "linux")]
    {
        let maps = std::fs::read_to_string("/proc/self/maps").expect("Linux tells what is mapped");
        let name = |line: &'_ str| line.rsplit_once("/retired-g").map(|(_, name)| name.to_owned());
        let images: std::collections::BTreeSet<String> = maps.lines().filter_map(name).collect();
        assert_eq!(images.len(), 3, "{images:?}");
        // A copy's file goes with its last use, its mapping stays.
        assert_eq!(images.iter().filter(|image| image.ends_with(" (deleted)")).count(), 2, "{images:?}");
    }
}

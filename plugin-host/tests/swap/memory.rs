//! The frame arena as plugins see it, and images that are no longer used.

use plugin_host::{ARENA_QUOTA_BYTES, FrameInfo};
use plugin_sdk::prelude::*;

use super::game::Game;

#[derive(Default, PluginState)]
struct Arenas {
    sum: u64,
    pieces: u64,
    full: u64,
}

#[derive(Default, PluginState)]
struct Greedy {
    pieces: u64,
}

#[derive(Default, PluginState)]
struct Spawns {
    spawned: u64,
}

#[derive(Default, PluginState)]
struct Recorder {
    catches: bool,
}

/// Runs the arena plugin for one frame; returns the number of bytes that it used.
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
    // 100 values; one more; a list that outgrew the capacities 1 and 8; a text.
    assert_eq!(used, 800 + 8 + (1 + 8 + 16) * 8 + 8);
    assert_eq!(frame(&mut game, 2), used, "each frame starts with an empty arena");
}

#[test]
fn past_its_quota_an_allocation_fails_and_the_next_frame_has_room_again() {
    let mut game = Game::with(&[("arena", "arena")]);
    let used = frame(&mut game, 1);
    let state = game.state::<Arenas>("arena");
    assert_eq!(state.full, 1);
    assert!(used <= ARENA_QUOTA_BYTES && used > ARENA_QUOTA_BYTES - (2 << 20), "{used} of {ARENA_QUOTA_BYTES}");
    assert!(!game.is_suspended("arena"), "a full arena is no fault");
    assert!(frame(&mut game, 2) < 4096);
    frame(&mut game, 1);
    assert_eq!(game.state::<Arenas>("arena").pieces, state.pieces * 2);
    let arena = game.stats("arena").arena;
    assert_eq!((arena.peak_bytes, arena.refused), (used, 4), "two in each of two frames");
}

/// The lines that report a refused allocation.
fn told(game: &Game) -> Vec<String> {
    game.log.lines().into_iter().filter(|line| line.contains("the frame arena refused ")).collect()
}

#[test]
fn a_plugin_that_takes_all_it_gets_takes_nothing_from_the_others() {
    let mut game = Game::with(&[("greedy", "arena_greedy"), ("modest", "arena_modest")]);
    game.frames(3);
    assert!(!game.is_suspended("modest") && !game.is_suspended("greedy"));
    assert_eq!(game.state::<Spawns>("modest").spawned, 300);
    let told = told(&game);
    assert_eq!(told.len(), 1, "once for a row of frames: {told:#?}");
    for part in [
        "WARN the frame arena refused greedy 200000 bytes",
        "in its system `grab`",
        "of its quota of 16777216",
        "with_arena_quota",
    ] {
        assert!(told[0].contains(part), "no {part:?} in {told:?}");
    }
    let [greedy, modest] = ["greedy", "modest"].map(|plugin| game.stats(plugin).arena);
    assert_eq!((greedy.peak_bytes, greedy.refused), (16_600_000, 3));
    assert!(modest.peak_bytes >= 100 * 40 && modest.refused == 0, "{modest:?}");
}

#[test]
fn a_quota_is_the_hosts_to_set() {
    let mut game = Game::with(&[("greedy", "arena_greedy")]);
    game.host = game.host.with_arena_quota(1 << 20);
    game.frames(1);
    assert_eq!(game.state::<Greedy>("greedy").pieces, 5);
}

#[test]
fn commands_that_exceed_a_plugins_own_quota_are_its_own_fault_at_its_own_place() {
    let source = include_str!("../../fixtures/arena_commands.rs");
    for tick in 0..4 {
        let mut game = Game::with(&[("greedy", "arena_greedy"), ("recorder", "arena_commands")]);
        game.run_at(tick);
        assert!(game.is_suspended("recorder") && !game.is_suspended("greedy"));
        let line = game.log.line("recorder is suspended until its file changes, is copied again or touched");
        let mark = format!("the place of tick {tick}");
        let at = source.lines().position(|line| line.contains(&mark)).expect("the fixture marks its places") + 1;
        assert!(line.contains(&format!("arena_commands.rs:{at}:")), "{line}");
        assert!(line.contains("cannot record a command"), "{line}");
    }
}

#[test]
fn a_plugin_that_catches_the_fault_goes_on_with_whole_commands() {
    let mut game = Game::with(&[("recorder", "arena_commands")]);
    let bytes = game.run_at(4);
    assert!(!game.is_suspended("recorder") && game.state::<Recorder>("recorder").catches);
    let command = 16 + 2 * (16 + 64);
    assert!(bytes > 1 << 20 && bytes.is_multiple_of(command), "{bytes} bytes of commands");
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
        // A copy's file is removed after its last use; its mapping stays.
        assert_eq!(images.iter().filter(|image| image.ends_with(" (deleted)")).count(), 2, "{images:?}");
    }
}

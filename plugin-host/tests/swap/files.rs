//! Every way in which a library can be added, changed and removed.

use std::fs::{self, File};
use std::io::Write as _;

use super::game::Game;
use super::state::Counter;
use super::support::fixtures;

fn game() -> Game {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    game.frames(1);
    game
}

/// The file's change has caused exactly one swap.
fn was_swapped_once(mut game: Game) {
    game.await_that(|game| game.stats("counter").generation == 2);
    // The watcher reports everything else about the file before this returns.
    game.put_bytes("opaque", &fixtures::bytes("opaque_v1"));
    game.await_that(|game| game.stats("opaque").generation == 1);
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 101);
    assert_eq!(game.stats("counter").reloads, 1);
}

#[test]
fn a_file_that_is_added_adds_a_plugin() {
    let mut game = game();
    game.put_bytes("opaque", &fixtures::bytes("opaque_v1"));
    game.await_that(|game| game.running() == ["counter", "opaque"]);
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 2);
}

#[test]
fn a_file_that_is_removed_removes_its_plugin_and_may_return() {
    let mut game = game();
    let aside = game.aside().join("kept");
    fs::rename(game.path("counter"), &aside).expect("the file can be taken away");
    game.await_that(|game| game.running().is_empty());
    game.log.line("counter was removed");
    game.frames(1);
    fs::rename(&aside, game.path("counter")).expect("the file can be put back");
    game.await_that(|game| game.running() == ["counter"]);
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 1, "it starts afresh");
    let stats = game.stats("counter");
    assert_eq!((stats.generation, stats.reloads), (2, 0));
}

#[test]
fn a_copy_over_the_file_is_one_swap() {
    let game = game();
    fs::copy(fixtures::library("counter_v2"), game.path("counter")).expect("the file can be written over");
    was_swapped_once(game);
}

#[test]
fn a_rename_over_the_file_is_one_swap() {
    let game = game();
    let beside = game.path("counter").with_extension("new");
    fs::copy(fixtures::library("counter_v2"), &beside).expect("a file beside");
    fs::rename(beside, game.path("counter")).expect("the file can be renamed over");
    was_swapped_once(game);
}

#[test]
fn a_hard_link_in_place_of_the_file_is_one_swap() {
    let game = game();
    let built = game.aside().join("built");
    fs::copy(fixtures::library("counter_v2"), &built).expect("a file beside the folder");
    fs::remove_file(game.path("counter")).expect("the file can be removed");
    fs::hard_link(built, game.path("counter")).expect("a link can be made");
    was_swapped_once(game);
}

#[test]
fn a_file_that_is_written_in_pieces_is_one_swap_when_it_is_whole() {
    let mut game = game();
    let library = fixtures::bytes("counter_v2");
    let mut file = File::create(game.path("counter")).expect("the file can be written over");
    for piece in library.chunks(library.len() / 16) {
        file.write_all(piece).expect("a piece is written");
        file.sync_data().expect("a piece is on the disk");
        game.frames(1);
        assert_eq!(game.stats("counter").generation, 1, "the file is not whole yet");
    }
    let before = game.state::<Counter>("counter").count;
    drop(file);
    game.await_that(|game| game.stats("counter").generation == 2);
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, before + 100);
    assert_eq!(game.stats("counter").reloads, 1);
}

#[test]
fn the_same_content_again_is_no_swap() {
    let mut game = game();
    game.put_bytes("counter", &fixtures::bytes("counter_v1"));
    game.put_bytes("opaque", &fixtures::bytes("opaque_v1"));
    game.await_that(|game| game.stats("opaque").generation == 1);
    assert_eq!(game.stats("counter").generation, 1);
}

#[test]
fn of_two_builds_before_one_frame_edge_the_later_one_runs() {
    let mut game = game();
    game.put_bytes("counter", &fixtures::bytes("counter_other_type"));
    assert!(game.host.wait_for_change(std::time::Duration::MAX));
    game.put_bytes("counter", &fixtures::bytes("counter_v2"));
    // This one is loaded last, so both builds wait when it does; only the edge applies them.
    game.await_that(|game| game.stats("counter").generation == 2);
    game.frames(1);
    assert_eq!(game.state::<Counter>("counter").count, 101);
}

#[test]
fn files_that_are_no_plugins_are_left_alone() {
    let mut game = game();
    fs::create_dir(game.path("folder")).expect("a folder with a library's name");
    fs::write(game.path("counter").with_extension("so.tmp"), "half").expect("a file beside");
    game.put_bytes("opaque", &fixtures::bytes("opaque_v1"));
    game.await_that(|game| game.stats("opaque").generation == 1);
    // The host waits only for plugins' files, and not for files that were already tried.
    game.host.load_present(&mut game.engine).expect("the folder can be read");
    assert_eq!(game.running(), ["counter", "opaque"]);
    assert_eq!(game.log.count("ERROR"), 0);
}

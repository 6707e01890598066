//! Actions of a person that the host ignores are reported once, with advice.

use std::fs;

use plugin_host::library_path;

use super::game::Game;
use super::support::fixtures;

#[test]
fn a_file_whose_name_is_no_plugins_is_told_with_the_name_that_it_should_have() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    let file = game.host.folder().join(library_path("".as_ref(), "my counter"));
    fs::write(&file, fixtures::bytes("opaque_v1")).expect("a file in the folder");
    game.await_that(|game| game.log.count("is not loaded") > 0);
    let line = game.log.line("my counter");
    let proper = library_path("".as_ref(), "my_counter").display().to_string();
    assert!(line.starts_with("WARN") && line.contains(&format!("rename it to {proper}")), "{line}");
}

#[test]
fn a_plugin_with_a_hyphen_in_its_name_runs_whatever_its_files_spelling() {
    for (file, fixture) in [("my_hyph", "hyphen"), ("my-hyph", "hyphen"), ("my_hyph", "my_hyph")] {
        let mut game = Game::with(&[(file, fixture)]);
        assert_eq!(game.running(), ["my_hyph"], "{file}: {:#?}", game.log.lines());
        game.frames(1);
        assert_eq!(game.stats("my_hyph").generation, 1, "{file}");
    }
}

#[test]
fn two_files_of_one_plugin_are_an_error_that_names_both() {
    let game = Game::with(&[("my_hyph", "hyphen"), ("my-hyph", "hyphen")]);
    let mut game = game;
    game.await_that(|game| game.log.count("has the same name") > 0);
    let line = game.log.line("has the same name");
    assert!(line.starts_with("ERROR") && line.contains("remove one of them"), "{line}");
    assert!(["my-hyph", "my_hyph"].iter().all(|name| line.contains(name)), "{line}");
    assert_eq!(game.running(), ["my_hyph"]);
}

#[test]
fn an_order_beside_a_plugin_that_does_not_run_is_told_until_it_runs() {
    let mut game = Game::with(&[("order_b", "order_b")]);
    let after = "order_b/three: after = \"order_a/one\" has no effect: no running plugin has that name";
    assert!(game.log.line(after).starts_with("WARN"));
    game.log.line("order_b/three: before = \"order_a/two\" has no effect");
    game.put_bytes("counter", &fixtures::bytes("counter_v1"));
    game.await_that(|game| game.stats("counter").generation == 1);
    game.put_bytes("order_a", &fixtures::bytes("order_a"));
    game.await_that(|game| game.stats("order_a").generation == 1);
    assert_eq!(game.log.count(after), 1, "once");
    fs::remove_file(game.path("order_a")).expect("its file can be removed");
    game.await_that(|game| game.running() == ["counter", "order_b"]);
    assert_eq!(game.log.count(after), 2, "it was met in between");
}

#[test]
fn a_topic_that_no_plugin_publishes_is_told_once() {
    let mut game = Game::with(&[("listener", "listener_v1")]);
    let line = game.log.line("no running plugin publishes \"fixtures/number\"");
    assert!(line.starts_with("INFO") && line.contains("listener/hear"), "{line}");
    game.put_bytes("counter", &fixtures::bytes("counter_v1"));
    game.await_that(|game| game.stats("counter").generation == 1);
    game.log.line("no running plugin publishes");
}

#[test]
fn an_empty_folder_is_told_with_what_belongs_there() {
    let game = Game::with(&[]);
    let line = game.log.line("holds no plugin");
    assert!(line.contains(&library_path("".as_ref(), "NAME").display().to_string()), "{line}");
}

#[test]
fn a_folder_that_is_away_is_told_and_all_plugins_go_on() {
    let mut game = Game::with(&[("counter", "counter_v1")]);
    let (folder, away) = (game.host.folder().to_path_buf(), game.aside().join("away"));
    game.frames(1);
    fs::rename(&folder, &away).expect("the folder can be renamed");
    game.await_that(|game| game.log.count("the plugins folder is missing") > 0);
    game.frames(2);
    fs::rename(&away, &folder).expect("the folder can be renamed back");
    game.await_that(|game| game.log.count("the plugins folder is back") > 0);
    game.swap("counter", "counter_v2");
    game.frames(1);
    assert_eq!(game.state::<super::state::Counter>("counter").count, 103, "its state was never lost");
    game.log.line("the plugins folder is missing");
}

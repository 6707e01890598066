//! Ends that the game did not cause, ends that are requested twice, and ends at which one part fails.

#![cfg(unix)]

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

use crate::support::game::{BUS, command, files};
use crate::support::plugins::{Plugins, Way};
use crate::support::process::{Process, Stream};

#[path = "../../../plugin-host/tests/support/fixtures.rs"]
mod fixtures;

/// A plugins folder with one of the host's fixtures.
fn with_fixture(plugin: &str, fixture: &str) -> Plugins {
    let plugins = Plugins::none();
    plugins.replace(plugin, Way::Copied, &fixtures::bytes(fixture));
    plugins
}

/// The game in `home`, headless on [`BUS`], with `plugins`.
fn game(home: &TempDir, plugins: &Plugins, flags: &str) -> Command {
    let mut game = command(home);
    game.args(["--headless", "--bus", BUS, "--report", "report.json", "--plugins"]).arg(plugins.folder());
    game.args(flags.split_whitespace());
    game
}

/// The game with a plugin that does `does` at `at`; the plugin then waits for a file that is never created.
fn ender(home: &TempDir, plugins: &Plugins, at: &str, does: &str, flags: &str) -> Process {
    let mut game = game(home, plugins, flags);
    game.env("ENDER_AT", at).env("ENDER_DOES", does).env("ENDER_WAITS_FOR", "/nonexistent");
    Process::start(&mut game, Stream::Err)
}

fn home() -> TempDir {
    TempDir::new().expect("a folder")
}

fn report(home: &TempDir) -> Value {
    let report = fs::read(home.path().join("report.json")).expect("it wrote a report");
    serde_json::from_slice(&report).expect("the report is JSON")
}

#[test]
fn a_plugin_that_exits_is_told_and_is_no_success() {
    let (home, plugins) = (home(), with_fixture("ender", "ender"));
    let (status, log) = ender(&home, &plugins, "second frame", "exit", "--frames 5").end();
    assert_eq!(status.code(), Some(70), "{log:#?}");
    let told = log.iter().find(|line| line.contains("ender has called exit in its system `step`"));
    assert!(told.is_some_and(|line| line.contains("ERROR") && line.contains("generation=1")), "{log:#?}");
    plays_after(&home, &plugins);
}

#[test]
fn a_panic_during_a_panic_leaves_both_texts_in_the_log() {
    let plugins = with_fixture("ender", "ender");
    let (status, log) = ender(&home(), &plugins, "second frame", "panic twice", "--frames 5").end();
    assert!(!status.success());
    for text in ["the first", "the second"] {
        let told = log.iter().find(|line| line.contains(&format!("ender panicked in its system `step`: {text}, at ")));
        assert!(told.is_some_and(|line| line.contains("ender.rs:") && line.contains("generation=1")), "{log:#?}");
    }
}

/// A later game on the same bus runs, and leaves nothing.
fn plays_after(home: &TempDir, plugins: &Plugins) {
    let output = game(home, plugins, "--frames 5").output().expect("it can be started");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    assert_eq!(files(&home.path().join("bus")), [""; 0]);
}

#[test]
fn a_plugin_that_hangs_is_told_and_the_second_ctrl_c_ends_the_game_at_once() {
    for (at, place) in [
        ("second frame", "in its system `step`"),
        ("create", "while an instance of it is made"),
        ("drop", "while its state is dropped"),
    ] {
        let (home, plugins) = (home(), with_fixture("ender", "ender"));
        let mut game = ender(&home, &plugins, at, "hang", "--frames 3");
        let line = game.line("has not returned for 1s");
        assert!(line.contains("ender") && line.contains(place) && line.contains("generation=1"), "{at}: {line}");
        game.signal("INT");
        game.line("a second request ends it within a second");
        game.signal("INT");
        let (status, log) = game.end();
        assert_eq!(status.code(), Some(130), "{at}: {log:#?}");
        plays_after(&home, &plugins);
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_hangs_while_it_is_loaded_can_be_ended() {
    let (home, plugins) = (home(), with_fixture("ender", "ender"));
    let mut game = ender(&home, &plugins, "load", "hang", "--frames 3");
    game.line("has not returned for 1s, while its library is loaded");
    // Two different signals, because two of the same kind may be merged.
    game.signal("INT");
    game.signal("TERM");
    let (status, log) = game.end();
    assert_eq!(status.code(), Some(130), "{log:#?}");
    plays_after(&home, &plugins);
}

#[test]
fn asked_once_the_game_ends_with_its_frame_and_reports() {
    let (home, plugins) = (home(), with_fixture("ender", "ender"));
    let mut game = ender(&home, &plugins, "nowhere", "nothing", "--realtime --frames 1000000");
    game.line("ender runs as generation 1");
    game.signal("INT");
    let (status, log) = game.end();
    assert!(status.success(), "{log:#?}");
    assert!(report(&home)["frames"].is_u64());
}

#[test]
fn a_state_that_can_t_be_saved_is_marked_in_the_report_and_costs_nothing_else() {
    let (home, plugins) = (home(), with_fixture("counter", "counter_save_panics"));
    plugins.replace("opaque", Way::Copied, &fixtures::bytes("opaque_v1"));
    let output = game(&home, &plugins, "--frames 2 --screenshot shot.png").output().expect("it can be started");
    let (out, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("counter's state cannot be saved: cannot write a count, at "), "{error}");
    let report = report(&home);
    assert!(report["unsaved"]["counter"].as_str().is_some_and(|why| why.contains("cannot write a count")), "{report}");
    assert_eq!(report["unsaved"].as_object().map(|unsaved| unsaved.len()), Some(1), "{report}");
    assert_eq!(report["world_hash"].as_str().map(str::len), Some(16));
    assert_eq!(report["plugins"]["opaque"]["generation"], 1);
    assert!(out.contains("the hash leaves out counter") && out.contains("screenshot in shot.png"), "{out}");
    assert!(home.path().join("shot.png").is_file());
}

#[test]
fn a_state_whose_saving_hangs_is_given_up_and_marked() {
    let (home, plugins) = (home(), with_fixture("ender", "ender"));
    let mut game = ender(&home, &plugins, "save", "hang", "--frames 2");
    game.line("has not returned for 1s");
    let (status, log) = game.end();
    assert_eq!(status.code(), Some(1), "{log:#?}");
    let report = report(&home);
    assert!(report["unsaved"]["ender"].as_str().is_some_and(|why| why.contains("not returned within 10s")), "{report}");
}

#[test]
fn a_report_and_a_picture_that_can_t_be_written_at_the_end_keep_nobody_from_the_summary() {
    let (home, plugins) = (home(), with_fixture("opaque", "opaque_v1"));
    let pictures = home.path().join("pictures");
    fs::create_dir(&pictures).expect("made");
    let flags = "--realtime --frames 1000000 --screenshot pictures/shot.png";
    let mut game = Process::start(&mut game(&home, &plugins, flags), Stream::Err);
    game.line("opaque runs as generation 1");
    // Both were writable when the game checked, before it played.
    fs::create_dir(home.path().join("report.json")).expect("a folder in its place");
    fs::remove_dir(&pictures).expect("empty");
    game.signal("INT");
    let (status, log) = game.end();
    assert_eq!(status.code(), Some(1), "{log:#?}");
    for file in ["report.json", "pictures/shot.png"] {
        assert!(log.iter().any(|line| line.contains("ERROR") && line.contains(file)), "{file}: {log:#?}");
    }
    let summary = game.rest();
    assert!(summary.contains(" frames, "), "{summary}");
}

#[test]
fn what_reloads_leave_stands_in_the_report() {
    let (home, plugins) = (home(), with_fixture("opaque", "opaque_v1"));
    let mut game = Process::start(&mut game(&home, &plugins, "--realtime --frames 1000000"), Stream::Err);
    let library = fixtures::bytes("opaque_v1");
    for generation in 1..=3 {
        game.line(&format!("opaque runs as generation {generation}"));
        let next = [&library[..], &vec![0; generation]].concat();
        if generation < 3 {
            plugins.replace("opaque", Way::Renamed, &next);
        }
    }
    game.signal("INT");
    let (status, log) = game.end();
    assert!(status.success(), "{log:#?}");
    let report = report(&home);
    assert_eq!(report["plugins"]["opaque"]["retired_images"], 2, "{report}");
    assert!(report["plugins"]["opaque"]["retired_bytes"].as_u64() > Some(100_000), "{report}");
}

/// A program in the place of cargo that runs `script`, and a target folder that contains each library of `built`.
fn cargo(home: &TempDir, script: &str, built: &[&str]) -> (PathBuf, PathBuf) {
    let (cargo, target) = (home.path().join("cargo"), home.path().join("target"));
    fs::write(&cargo, format!("#!/bin/sh\n{script}\n")).expect("written");
    fs::set_permissions(&cargo, fs::Permissions::from_mode(0o755)).expect("it can be run");
    let release = target.join("release");
    fs::create_dir_all(&release).expect("a folder");
    for plugin in built {
        // Any plugin's library will do here: the host refuses it for its name.
        fs::copy(fixtures::library("opaque_v1"), plugin_host::library_path(&release, plugin)).expect("copied");
    }
    (cargo, target)
}

fn game_that_builds(home: &TempDir, cargo: &Path, target: &Path) -> Command {
    let mut game = command(home);
    game.args(["--headless", "--frames", "2", "--plugins", "plugins"])
        .env("CARGO", cargo)
        .env("CARGO_TARGET_DIR", target);
    game
}

#[test]
fn a_plugin_that_does_not_build_is_told_and_the_game_plays_without() {
    let home = home();
    let artifact =
        |plugin| format!(r#"echo '{{"reason":"compiler-artifact","target":{{"kind":["cdylib"],"name":"{plugin}"}}}}'"#);
    let script = format!("{}\n{}\nexit 101", artifact("ai"), artifact("render"));
    // A library of an earlier build is not one of this build.
    let (cargo, target) = cargo(&home, &script, &["ai", "director", "render"]);
    let output = game_that_builds(&home, &cargo, &target).output().expect("it can be started");
    let error = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{error}");
    for plugin in ["director", "physics"] {
        assert!(
            error.contains(&format!(
                "{plugin}: it does not build (cargo's messages are above); the game plays without it"
            )),
            "{error}"
        );
    }
    let mut installed = files(&home.path().join("plugins"));
    installed.sort();
    assert_eq!(installed, ["ai", "render"].map(plugin_host::watcher::file_of));
}

#[test]
fn when_none_builds_the_game_says_so_and_does_not_play() {
    let home = home();
    let (cargo, target) = cargo(&home, "exit 101", &[]);
    let output = game_that_builds(&home, &cargo, &target).output().expect("it can be started");
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1), "{error}");
    assert!(error.contains("no plugin could be built"), "{error}");
}

#[test]
fn asked_while_its_plugins_are_built_the_game_ends_at_once() {
    let home = home();
    let (cargo, target) = cargo(&home, "echo building >&2\nexec sleep 1000", &[]);
    let mut game = Process::start(&mut game_that_builds(&home, &cargo, &target), Stream::Err);
    game.line("building");
    game.line("building");
    game.signal("INT");
    let (status, log) = game.end();
    assert_eq!(status.code(), Some(130), "{log:#?}");
}

//! `hotframe status`, answered by a service that speaks as a host's does. `demo-game`'s tests ask a real game.

use std::process::Output;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use shm_bus::Request;
use shm_bus::wire::{Status, method_id};

use super::support::{Game, hotframe};

/// Serves `answer` while `asking` runs.
fn served<T>(game: &Game, answer: impl Fn(Request<'_>) + Sync, asking: impl FnOnce() -> T) -> T {
    let mut server = game.bus.server("host/status").expect("nobody serves it");
    let is_over = AtomicBool::new(false);
    thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                server.serve_for(Duration::from_millis(10), &answer).expect("the bus is sound");
            }
        });
        let result = asking();
        is_over.store(true, Ordering::Relaxed);
        result
    })
}

/// Serves a status with these plugins.
fn with_plugins<T>(game: &Game, plugins: &Value, asking: impl FnOnce() -> T) -> T {
    let answer = |request: Request<'_>| {
        assert_eq!(request.method(), method_id("status"));
        let wanted: Option<(String,)> = rmp_serde::from_slice(request.payload()).ok();
        let mut plugins = plugins.as_array().expect("a list").clone();
        plugins.retain(|plugin| wanted.as_ref().is_none_or(|(name,)| plugin["name"] == **name));
        let status = json!({"format": 1, "version": "9.9.9", "folder": "plugins", "later": true, "plugins": plugins});
        request.reply(&rmp_serde::to_vec(&status).expect("it can be written")).expect("the client waits");
    };
    served(game, answer, asking)
}

fn run(game: &Game, arguments: &[&str]) -> (Option<i32>, String, String) {
    let Output { status, stdout, stderr } = hotframe(&game.folder(), arguments).output().expect("it starts");
    let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("text");
    (status.code(), text(stdout), text(stderr))
}

fn director() -> Value {
    json!({
        "name": "director", "version": "0.1.0", "generation": 2, "state": "running",
        "systems": [{"signature": "waves(Query<&game.Enemy>)", "stage": "Update"}],
        "subscriptions": [{"signature": "hear(game.Contact)", "topic": "physics/contact"}],
        "exports": [{"name": "set_wave", "signature": "set_wave(number: u32) -> u32", "docs": "Begins a wave."},
                    {"name": "wave", "signature": "wave() -> u32", "thread": true},
                    {"name": "skip", "signature": "skip()", "internal": true}],
        "swap": {"from": 1, "held_ns": 12_000, "ago_ms": 61_500},
    })
}

#[test]
fn a_plugin_is_described_and_what_an_older_game_leaves_out_is_empty() {
    let game = Game::start();
    let told = "director 0.1.0: running, generation 2\n    \
        swapped from generation 1 1m01s ago, frame edge held 12.0 µs\n    \
        system waves(Query<&game.Enemy>) in Update\n    \
        subscription hear(game.Contact) to physics/contact\n    \
        export set_wave(number: u32) -> u32\n        Begins a wave.\n    \
        export on a thread wave() -> u32\n    internal export skip()\n";
    with_plugins(&game, &json!([director()]), || {
        assert_eq!(run(&game, &["status"]), (Some(0), told.to_owned(), String::new()));
        assert_eq!(run(&game, &["status", "director"]), (Some(0), told.to_owned(), String::new()));
        let (code, out, error) = run(&game, &["status", "--json"]);
        assert_eq!((code, &*error), (Some(0), ""));
        let whole: Value = serde_json::from_str(&out).expect("a line of JSON");
        assert_eq!((&whole["later"], &whole["plugins"][0]["swap"]["held_ns"]), (&json!(true), &json!(12_000)));
    });
}

#[test]
fn a_suspended_plugin_and_a_refused_build_make_the_exit_code_1() {
    let game = Game::start();
    let fault =
        json!({"during": "in its system `steer`", "message": "no\u{1b}[2J", "location": "ai.rs:1:2", "ago_ms": 0});
    let ai = json!({
        "name": "ai", "version": "1.0.0", "generation": 1, "state": "suspended", "swap": {"held_ns": 1_500},
        "faults": 3, "fault": fault,
    });
    let broken = json!({
        "name": "broken", "state": "not loaded", "refusal": {"reason": "no section", "ago_ms": 2_000},
        "postponed": "a build waits until other plugins change",
    });
    let gone = json!({"name": "gone", "generation": 4, "state": "removed"});
    with_plugins(&game, &json!([ai, broken, gone]), || {
        let (code, out, error) = run(&game, &["status"]);
        assert_eq!((code, &*error), (Some(1), ""));
        let told = "ai 1.0.0: suspended, generation 1\n    loaded 0s ago, frame edge held 1.50 µs\n    3 faults\n    \
            last fault 0s ago, in its system `steer`: no\\u001b[2J, at ai.rs:1:2\n\
            broken: not loaded\n    last build refused 2s ago: no section\n    a build waits until other plugins change\n\
            gone: removed, generation 4 was the last\n";
        assert_eq!(out, told);
        assert_eq!(run(&game, &["status", "broken"]).0, Some(1));
        assert_eq!(run(&game, &["status", "gone"]).0, Some(0));
        assert_eq!(run(&game, &["status", "ai", "--json"]).0, Some(1));
    });
}

#[test]
fn each_failure_says_what_to_do() {
    let game = Game::start();
    let fails = |arguments: &[&str], status: &str, words: &str| {
        let (code, out, error) = run(&game, arguments);
        assert_eq!((code, &*out), (Some(1), ""), "{error}");
        assert!(error.starts_with("hotframe: ") && error.contains(words), "{error}");
        let (code, out, error) = run(&game, &[arguments, &["--json"]].concat());
        assert_eq!((code, &*error), (Some(1), ""), "{out}");
        let answer: Value = serde_json::from_str(&out).expect("a line of JSON");
        assert_eq!(answer["error"]["status"], status);
    };
    fails(&["status"], "no host", "no host on bus `game` answers `hotframe status`");
    with_plugins(&game, &json!([]), || {
        let (code, out, error) = run(&game, &["status"]);
        assert_eq!((code, &*out), (Some(0), ""));
        assert_eq!(error, "hotframe: the game has no plugin; put libraries into plugins\n");
        fails(&["status", "ai"], "no such plugin", "no plugin `ai` in the game on bus `game`");
    });
    let never = |request: Request<'_>| drop(request.defer());
    served(&game, never, || {
        fails(&["status", "--timeout", "0.05"], "no answer", "has not answered within 50ms");
    });
    let other = |request: Request<'_>| {
        let status = json!({"format": 2, "version": "9.9.9", "plugins": 7});
        request.reply(&rmp_serde::to_vec(&status).expect("it can be written")).expect("the client waits");
    };
    served(&game, other, || fails(&["status"], "other format", "use the `hotframe` of the game's version, 9.9.9"));
    let refuses = |request: Request<'_>| {
        request.refuse(Status::Failed, "out of order").expect("the client waits");
    };
    served(&game, refuses, || fails(&["status"], "failed", "out of order"));
}

#[test]
fn without_a_game_it_says_to_start_one() {
    let place = tempfile::tempdir().expect("a folder");
    let Output { status, stderr, .. } = hotframe(place.path(), &["status"]).output().expect("it starts");
    assert_eq!(status.code(), Some(1));
    assert!(String::from_utf8_lossy(&stderr).contains("start a game first"));
}

//! `hotframe call` beside a running game: a person changes the game by its plugins' exports.

use std::time::Duration;

use game_types::DirectorClient;
use plugin_host::{Remote, RemoteError};
use serde_json::json;
use shm_bus::Bus;

use crate::command::{json_lines, output};
use crate::support::game::{BUS, Game};
use crate::support::plugins::{Plugins, Way, padded};

#[test]
fn a_call_changes_the_running_game_also_after_its_plugin_was_replaced() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--realtime --bot --frames 100000");
    game.line("wave 1:");
    let folder = game.bus_folder();
    let said = |arguments: &str| {
        let output = output(&folder, arguments);
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        (output.status.code(), text(&output.stdout), text(&output.stderr))
    };

    assert_eq!(said("call"), (Some(0), "director\n".to_owned(), String::new()));
    let (code, exports, _) = said("call director");
    assert_eq!(code, Some(0));
    assert!(exports.starts_with("set_wave(number: u32) -> u32\n    Begins wave `number`"), "{exports}");

    assert_eq!(said("call director set_wave 7"), (Some(0), "7\n".to_owned(), String::new()));
    game.line("wave 7:");
    plugins.replace("director", Way::Renamed, &padded("director", 1));
    game.line("director runs as generation 2");
    assert_eq!(json_lines(&folder, "call director set_wave 9 --json"), [json!({"reply": 9})]);
    game.line("wave 9:");

    let (code, status, error) = said("status director");
    assert_eq!((code, &*error), (Some(0), ""));
    assert!(status.starts_with("director 0.1.0: running, generation 2\n    swapped from generation 1 "), "{status}");
    assert!(status.contains("\n    export set_wave(number: u32) -> u32\n        Begins wave"), "{status}");
    let [all] = &json_lines(&folder, "status --json")[..] else { panic!("one line") };
    let names = all["plugins"].as_array().expect("a list").iter().map(|plugin| plugin["name"].as_str());
    assert!(names.eq(["ai", "director", "physics", "render"].map(Some)), "{all:#}");

    for (arguments, told) in [
        ("call director set_wave 0", "director/set_wave failed with code 1: wave 0 is not in 1 to 999"),
        ("call director set_wave seven", "argument `number`: invalid type: string \"seven\", expected u32"),
        ("call director set_wave", "0 arguments are given, 1 expected; the method is set_wave(number: u32) -> u32"),
        ("call director set_waves 7", "set_wave"),
        ("call directer set_wave 7", "no plugin `directer` offers exports"),
    ] {
        let (code, out, error) = said(arguments);
        assert_eq!((code, &*out), (Some(1), ""), "{arguments}: {error}");
        assert!(error.starts_with("hotframe: ") && error.contains(told), "{arguments}: {error}");
    }
    let (code, out, error) = said("call director set_wave 0 --json");
    assert_eq!((code, &*error), (Some(1), ""));
    let refusal: serde_json::Value = serde_json::from_str(&out).expect("one line of JSON");
    assert_eq!((&refusal["error"]["status"], &refusal["error"]["code"]), (&json!("application error"), &json!(1)));
}

/// This process is another one than the game's.
#[test]
fn a_typed_client_in_another_process_changes_the_game_also_after_its_plugin_was_replaced() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--realtime --bot --frames 100000");
    game.line("wave 1:");
    let bus = Bus::attach_in(game.bus_folder(), BUS).expect("the game has a bus");
    let director = DirectorClient::connect(Remote::new(bus, Duration::from_secs(60)), "director");
    let director = director.expect("it implements this interface");
    assert_eq!(director.set_wave(7).expect("it is a wave"), 7);
    game.line("wave 7:");
    plugins.replace("director", Way::Renamed, &padded("director", 1));
    game.line("director runs as generation 2");
    assert_eq!(director.set_wave(9).expect("it is a wave"), 9);
    game.line("wave 9:");
    let error = director.set_wave(0).expect_err("there is no such wave");
    assert!(matches!(&error, RemoteError::Failed { code: 1, message, .. } if message.contains("1 to 999")), "{error}");
}

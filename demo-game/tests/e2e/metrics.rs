//! `--metrics`: figures of a running game, read over HTTP.

use std::io::{Read as _, Write as _};
use std::net::TcpStream;

use crate::support::game::Game;
use crate::support::plugins::{Plugins, Way, padded};

/// The body of the answer.
fn read(address: &str) -> String {
    let mut stream = TcpStream::connect(address).expect("the game listens");
    stream.write_all(b"GET /metrics HTTP/1.0\r\n\r\n").expect("a request can be sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).expect("an answer comes");
    assert!(answer.starts_with("HTTP/1.0 200"), "{answer}");
    answer
}

#[test]
fn the_figures_of_a_game_are_served_on_this_machine_alone() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--realtime --bot --frames 100000 --metrics 0");
    let line = game.line("figures are served at http://127.0.0.1:");
    let address = line.split("http://").nth(1).and_then(|text| text.split('/').next()).expect("it names its address");
    game.line("wave 1:");
    plugins.replace("director", Way::Renamed, &padded("director", 1));
    game.line("director runs as generation 2");
    // A frame that takes longer than a second leaves the figures as they were.
    let loads = "hotframe_loads_total{plugin=\"director\"} 2";
    let figures = std::iter::repeat_with(|| read(address)).find(|figures| figures.contains(loads)).expect("endless");
    for line in [
        "hotframe_swaps_total{plugin=\"director\"} 1",
        "hotframe_panics_total{plugin=\"ai\"} 0",
        "hotframe_edge_held_seconds_count{plugin=\"director\"} 1",
    ] {
        assert!(figures.contains(line), "no {line} in {figures}");
    }
    assert!(figures.contains("hotframe_queue_bytes{topic=\"render/commands\",priority="), "{figures}");
    assert!(figures.contains("hotframe_arena_peak_bytes{plugin=\"ai\"}"), "{figures}");
}

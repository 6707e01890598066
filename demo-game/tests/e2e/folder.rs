//! Files that come and go while the game plays.

use std::fs;

use crate::support::game::Game;
use crate::support::plugins::{Plugins, Way, bytes, padded};

#[test]
fn adding_a_file_adds_a_plugin_and_removing_it_removes_it() {
    let plugins = Plugins::without("ai");
    let mut game = Game::start(&plugins, "--bot --realtime --agents 100 --frames 300");
    game.line("wave 1");
    plugins.replace("ai", Way::Copied, &bytes("ai"));
    game.line("ai runs as generation 1");
    plugins.remove("ai");
    game.line("ai was removed");
    plugins.replace("ai", Way::Renamed, &padded("ai", 1));
    game.line("ai runs as generation 2");
    fs::write(plugins.folder().join("README.txt"), "no plugin").expect("written");
    let run = game.end();
    assert_eq!(["reloads", "failed_loads", "panics"].map(|field| run.plugin("ai", field)), [0, 0, 0]);
    assert!(run.traffic("ai/chatter", "sent") > 0, "it played along");
    assert_eq!(run.left_behind, [""; 0]);
}

#[test]
fn every_plugin_can_be_taken_out_and_put_back() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--bot --realtime --frames 420");
    game.line("wave 1");
    for plugin in crate::support::PLUGINS {
        plugins.remove(plugin);
        game.line(&format!("{plugin} was removed"));
        plugins.replace(plugin, Way::Linked, &bytes(plugin));
        game.line(&format!("{plugin} runs as generation 2"));
    }
    let run = game.end();
    assert_eq!(run.report["frames"], 420);
    for plugin in crate::support::PLUGINS {
        assert_eq!(["failed_loads", "panics"].map(|field| run.plugin(plugin, field)), [0, 0], "{plugin}");
    }
}

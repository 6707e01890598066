//! Files that are added and removed while the game runs.

use std::fs;
use std::path::Path;

use crate::support::game::{Game, files};
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

#[test]
fn a_folder_that_is_renamed_away_and_back_takes_nothing_from_the_game() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--bot --realtime --frames 300 --seed 5");
    game.line("wave 1");
    let (folder, away) = (plugins.folder(), plugins.folder().with_extension("away"));
    fs::rename(&folder, &away).expect("the folder can be renamed");
    game.line("the plugins folder is missing");
    fs::rename(&away, &folder).expect("the folder can be renamed back");
    game.line("the plugins folder is back");
    plugins.replace("director", Way::Copied, &padded("director", 1));
    game.line("director runs as generation 2");
    let run = game.end();
    for plugin in crate::support::PLUGINS {
        let reloads = u64::from(plugin == "director");
        let counts = ["generation", "reloads", "failed_loads"].map(|field| run.plugin(plugin, field));
        assert_eq!(counts, [1 + reloads, reloads, 0], "{plugin}");
    }
    assert_eq!(run.hash(), crate::support::game::Run::undisturbed("--bot --frames 300 --seed 5").hash());
}

#[cfg(unix)]
#[test]
fn a_library_behind_a_link_is_loaded_again_when_it_is_built_again() {
    let (plugins, built) = (Plugins::without("ai"), Plugins::none());
    built.replace("ai", Way::Copied, &bytes("ai"));
    std::os::unix::fs::symlink(built.file("ai"), plugins.file("ai")).expect("a link in the folder");
    let mut game = Game::start(&plugins, "--bot --realtime --frames 420");
    game.line("wave 1");
    for (number, way) in [Way::Copied, Way::Renamed, Way::Linked].into_iter().enumerate() {
        built.replace("ai", way, &padded("ai", number + 1));
        game.line(&format!("ai runs as generation {}", number + 2));
    }
    let run = game.end();
    assert_eq!(["reloads", "failed_loads"].map(|field| run.plugin("ai", field)), [3, 0]);
}

/// Removes every folder of images, as a cleaner of temporary files does; returns their number.
fn clear_images(scratch: &Path) -> usize {
    let images: Vec<_> = files(scratch).into_iter().filter(|name| name.starts_with("hotframe-images-")).collect();
    images.iter().for_each(|name| fs::remove_dir_all(scratch.join(name)).expect("it can be removed"));
    images.len()
}

#[test]
fn builds_are_accepted_after_somebody_has_cleared_the_images_away() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, "--bot --realtime --frames 480");
    game.line("wave 1");
    let scratch = game.scratch_folder();
    assert_eq!(clear_images(&scratch), 1);
    plugins.replace("director", Way::Renamed, &padded("director", 1));
    game.line("created a new folder for images");
    game.line("director runs as generation 2");
    fs::remove_dir_all(&scratch).expect("it can be removed");
    plugins.replace("director", Way::Renamed, &padded("director", 2));
    let line = game.line("director: ");
    assert!(line.contains("cannot be loaded now") && line.contains(&*scratch.to_string_lossy()), "{line}");
    fs::create_dir(&scratch).expect("it can be made again");
    game.line("director runs as generation 3");
    let (run, _home) = game.end_keeping_home();
    assert_eq!(["reloads", "failed_loads"].map(|field| run.plugin("director", field)), [2, 0]);
    assert_eq!(files(&scratch), [""; 0], "the new folder went with the game");
}

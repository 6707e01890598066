//! Libraries that can't be loaded, installed over a running plugin's.

use crate::support::game::{Game, Run};
use crate::support::plugins::{Plugins, Way, bytes, padded};

const FLAGS: &str = "--bot --frames 480 --seed 5";

/// The plugin's record in a library's section: magic, length, kind 1, then the ABI version.
fn with_other_abi(mut library: Vec<u8>) -> Vec<u8> {
    let is_record = |bytes: &[u8]| bytes.starts_with(b"HOTFRAME") && bytes[12..14] == 1_u16.to_le_bytes();
    let record = library.windows(18).position(is_record).expect("a plugin has a record");
    library[record + 14..record + 18].copy_from_slice(&4_242_u32.to_le_bytes());
    library
}

#[test]
fn a_broken_library_leaves_the_old_one_running() {
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, &format!("{FLAGS} --realtime"));
    game.line("wave 1");
    let good = bytes("director");
    let cases = [
        (good[..good.len() / 2].to_vec(), "incomplete"),
        (good[..100].to_vec(), "incomplete"),
        (b"int main(void) { return 0; }\n".to_vec(), "not a dynamic library"),
        (with_other_abi(good), "built for ABI version 4242"),
        (bytes("ai"), "the plugin's name is \"ai\""),
    ];
    for (library, reason) in &cases {
        plugins.replace("director", Way::Renamed, library);
        let line = game.line("director: generation 1 keeps running: ");
        assert!(line.contains("ERROR") && line.contains("libdirector") && line.contains(reason), "{reason}: {line}");
    }
    plugins.replace("director", Way::Renamed, &padded("director", 1));
    game.line("director runs as generation 2");
    let run = game.end();
    let counts = ["generation", "reloads", "failed_loads", "panics"].map(|field| run.plugin("director", field));
    assert_eq!(counts, [2, 1, cases.len() as u64, 0]);
    assert_eq!(run.hash(), Run::undisturbed(FLAGS).hash());
}

#[test]
fn a_broken_library_at_the_start_is_told_and_the_game_plays_without() {
    let plugins = Plugins::without("ai");
    plugins.replace("ai", Way::Copied, b"no library at all");
    let run = Run::play(&plugins, "--bot --frames 60");
    assert_eq!(["generation", "failed_loads"].map(|field| run.plugin("ai", field)), [0, 1]);
    assert!(run.log.iter().any(|line| line.contains("ai: not loaded: ")), "{:#?}", run.log);
    assert_eq!(run.plugin("director", "generation"), 1);
}

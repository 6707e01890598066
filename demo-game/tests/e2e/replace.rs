//! Libraries replaced by equivalent ones while the game runs: the game shows no difference.

use std::time::{Duration, Instant};

use crate::support::PLUGINS;
use crate::support::game::{Game, Run};
use crate::support::plugins::{Plugins, Way, bytes, padded};

/// Ten seconds of play.
const FLAGS: &str = "--bot --frames 600 --seed 7";

/// Number of pieces in which a library is written.
const PIECES: usize = 4;

/// The watcher gives up on a half-written file after about 0.4 s. If the machine stops this test for that long between two pieces, a
/// refusal follows, which is counted.
const PATIENCE: Duration = Duration::from_millis(250);

/// A game whose libraries are being replaced.
struct Replacing {
    game: Game,
    plugins: Plugins,
    /// The running generation of each plugin in [`PLUGINS`].
    generations: [u64; 4],
    /// Number of zeros appended to the next library.
    extra: usize,
    /// Refusals that the test itself caused.
    slow_pieces: u64,
}

impl Replacing {
    fn start(flags: &str) -> Self {
        let plugins = Plugins::all();
        let mut game = Game::start_logging(&plugins, flags, "info,plugin_host::watcher=trace");
        // Some frames of play, so that there is a state to keep.
        game.line("wave 1");
        Self { game, plugins, generations: [1; 4], extra: 0, slow_pieces: 0 }
    }

    fn replace(&mut self, which: usize, way: Way) -> Option<()> {
        self.extra += 1;
        self.plugins.replace(PLUGINS[which], way, &padded(PLUGINS[which], self.extra));
        self.await_next(which)
    }

    /// Writes like a slow linker: after each piece the file is closed, and the watcher finds it incomplete.
    fn replace_in_pieces(&mut self, which: usize) -> Option<()> {
        self.extra += 1;
        let (plugin, library) = (PLUGINS[which], padded(PLUGINS[which], self.extra));
        let mut written = Instant::now();
        for (number, piece) in library.chunks(library.len().div_ceil(PIECES)).enumerate() {
            self.slow_pieces += u64::from(number > 0 && written.elapsed() > PATIENCE);
            self.plugins.write_piece(plugin, piece, number == 0);
            written = Instant::now();
            if number + 1 < PIECES {
                self.game.line_or_end(&format!("plugin file plugin=\"{plugin}\" input=Incomplete"))?;
            }
        }
        self.await_next(which)
    }

    /// `None` if the game ends first.
    fn await_next(&mut self, which: usize) -> Option<()> {
        let generation = self.generations[which] + 1;
        self.game.line_or_end(&format!("{} runs as generation {generation},", PLUGINS[which]))?;
        self.generations[which] = generation;
        Some(())
    }

    /// Ends with the game; every plugin must have been replaced at least `least` times, without a visible effect.
    fn end(self, least: u64, undisturbed: &Run) {
        let Self { game, generations, slow_pieces, .. } = self;
        let run = game.end();
        for (plugin, generation) in PLUGINS.into_iter().zip(generations) {
            let [reloads, failed, panics] =
                ["reloads", "failed_loads", "panics"].map(|field| run.plugin(plugin, field));
            // The last one may have run without being awaited.
            assert!((generation - 1..=generation).contains(&reloads), "{plugin}: {reloads} reloads, {generation} seen");
            assert!(reloads >= least, "{plugin} was replaced {reloads} times only while the game ran");
            assert_eq!(panics, 0, "{plugin}");
            assert!(failed <= slow_pieces, "{plugin}: {failed} refused, {slow_pieces} expected: {:#?}", run.log);
        }
        assert_eq!(run.hash(), undisturbed.hash());
        assert_eq!(run.summary.lines().next(), undisturbed.summary.lines().next());
        assert_eq!(run.left_behind, [""; 0]);
    }
}

#[test]
fn hash_is_the_same_when_plugins_are_replaced_unchanged_at_any_moment() {
    let mut replacing = Replacing::start(&format!("{FLAGS} --realtime"));
    let mut round = || -> Option<()> {
        for way in [Way::Copied, Way::Renamed, Way::Linked] {
            for which in 0..PLUGINS.len() {
                replacing.replace(which, way)?;
            }
        }
        for which in 0..PLUGINS.len() {
            replacing.replace_in_pieces(which)?;
        }
        Some(())
    };
    while round().is_some() {}
    replacing.end(4, &Run::undisturbed(FLAGS));
}

#[test]
fn hash_is_the_same_when_all_plugins_are_replaced_in_one_frame() {
    const AGENTS: &str = "--bot --agents 150 --frames 400 --seed 3";
    let mut replacing = Replacing::start(&format!("{AGENTS} --realtime"));
    'game: loop {
        replacing.extra += 1;
        for plugin in PLUGINS {
            replacing.plugins.replace(plugin, Way::Renamed, &padded(plugin, replacing.extra));
        }
        // They may be swapped in one frame or in several, in any order.
        for _ in PLUGINS {
            let Some(line) = replacing.game.line_or_end(" runs as generation ") else { break 'game };
            let which = PLUGINS.iter().position(|plugin| line.contains(&format!("{plugin} runs as")));
            replacing.generations[which.expect("one of the game's")] += 1;
        }
    }
    replacing.end(4, &Run::undisturbed(AGENTS));
}

#[test]
fn the_same_bytes_again_are_no_new_generation() {
    let plugins = Plugins::all();
    let mut game = Game::start_logging(&plugins, "--bot --frames 200 --realtime", "info,plugin_host::watcher=trace");
    game.line("wave 1");
    for way in [Way::Copied, Way::Renamed, Way::Linked] {
        plugins.replace("director", way, &bytes("director"));
        game.line("plugin file plugin=\"director\" input=Settled");
    }
    let run = game.end();
    assert_eq!(["generation", "reloads", "failed_loads"].map(|field| run.plugin("director", field)), [1, 0, 0]);
}

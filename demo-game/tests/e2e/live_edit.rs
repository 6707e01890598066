//! A user edits the rules, builds, and copies the library into a running game's folder.

use std::fs::{self, File};
use std::path::{Path, PathBuf};

use plugin_host::library_path;

use crate::support::built::{self, WORKSPACE, build};
use crate::support::game::{Game, Run};
use crate::support::observer::Observer;
use crate::support::plugins::{Plugins, Way};
use crate::support::{PLUGINS, TOPICS};

const DECLARATIONS: &str = "demo-game/game-types/src/topics.rs";
const RULES: &str = "demo-game/plugins/director/src/rules.rs";
const BEFORE: &str = "POINTS_PER_KILL: u32 = 10;";
const AFTER: &str = "POINTS_PER_KILL: u32 = 100000;";

/// A kill earns at least this much with the edited rules, and never with the original ones.
const MUCH: u64 = 100_000;

/// A copy of the workspace's sources, kept for the next run of the test, so that unchanged sources are not built again.
struct Sources {
    folder: PathBuf,
    target: PathBuf,
    /// Held so that no other run edits here meanwhile.
    _guard: File,
}

impl Sources {
    fn copy() -> Self {
        let home = Path::new(env!("CARGO_TARGET_TMPDIR")).join("live-edit");
        let (folder, target) = (home.join("sources"), home.join("target"));
        fs::create_dir_all(&folder).expect("cargo gives tests a folder");
        let guard = File::create(home.join(".lock")).expect("a lock file");
        guard.lock().expect("a lock");
        copy_sources(Path::new(WORKSPACE), &folder);
        if !target.exists() {
            seed(&target);
        }
        Self { folder, target, _guard: guard }
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let file = self.folder.join(file);
        let text = fs::read_to_string(&file).expect("a source");
        assert!(text.contains(from), "{} has no {from:?}", file.display());
        fs::write(&file, text.replacen(from, to, 1)).expect("edited");
    }

    /// `cargo build --release -p …`; returns the plugins' libraries in the same order.
    fn build<const COUNT: usize>(&self, plugins: [&str; COUNT]) -> [Vec<u8>; COUNT] {
        let packages: Vec<&str> = plugins.iter().flat_map(|plugin| ["-p", plugin]).collect();
        let built = build(&self.folder, &self.target, &packages);
        plugins.map(|plugin| fs::read(library_path(&built, plugin)).expect("it was built"))
    }
}

/// Makes the sources in `to` equal to those in `from`: doesn't touch unchanged ones, and removes deleted ones.
fn copy_sources(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    let mut names = Vec::new();
    for file in fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        let name = file.file_name();
        if !is_source(&file.path()) {
            continue;
        }
        names.push(name.clone());
        let target = to.join(&name);
        if file.path().is_dir() {
            copy_sources(&file.path(), &target);
            continue;
        }
        // Another process may delete the file in between.
        let Ok(bytes) = fs::read(file.path()) else { continue };
        if fs::read(&target).ok().as_ref() != Some(&bytes) {
            fs::write(&target, bytes).expect("copied");
        }
    }
    for file in fs::read_dir(to).expect("a folder") {
        let file = file.expect("a file");
        if !names.contains(&file.file_name()) {
            let gone =
                if file.path().is_dir() { fs::remove_dir_all(file.path()) } else { fs::remove_file(file.path()) };
            gone.expect("removed");
        }
    }
}

/// Fills `target` with what the game was built from, so that only the workspace's own crates are built again. cargo checks all of it.
fn seed(target: &Path) {
    let game = built::game();
    let built = game.parent().expect("a folder");
    // Nobody builds there any more, once the plugins are built, too.
    built::library("director");
    let part = target.with_extension("part");
    let _ = fs::remove_dir_all(&part);
    for folder in [".fingerprint", "build", "deps"] {
        copy_built(&built.join(folder), &part.join("release").join(folder));
    }
    fs::rename(part, target).expect("renamed");
}

/// Copies a folder with the times of its files, by which cargo decides what is out of date.
fn copy_built(from: &Path, to: &Path) {
    fs::create_dir_all(to).expect("a folder");
    for file in fs::read_dir(from).expect("a folder") {
        let file = file.expect("a file");
        let (path, target) = (file.path(), to.join(file.file_name()));
        if path.is_dir() {
            copy_built(&path, &target);
            continue;
        }
        fs::copy(&path, &target).expect("copied");
        let times = file.metadata().and_then(|metadata| metadata.modified()).expect("a time");
        let copy = File::options().write(true).open(&target).expect("a copy");
        copy.set_modified(times).expect("set");
    }
}

/// Whether it is neither a hidden file, nor a target folder, nor the folder that the game fills with libraries.
fn is_source(path: &Path) -> bool {
    let is_hidden = path.file_name().is_none_or(|name| name.as_encoded_bytes().starts_with(b"."));
    let is_built = path.join("CACHEDIR.TAG").exists() || path == Path::new(WORKSPACE).join("plugins");
    !is_hidden && !is_built && !is_own_target(path)
}

/// Whether `path` is the target folder of this test, which contains the copy: copied into itself, it would fill the disk. Cargo tags the
/// folder only if cargo has created it.
fn is_own_target(path: &Path) -> bool {
    let own = Path::new(env!("CARGO_TARGET_TMPDIR")).parent().expect("a folder within the target folder");
    own.canonicalize().is_ok_and(|own| path.canonicalize().is_ok_and(|path| path == own))
}

#[test]
fn live_edit_by_hand() {
    let sources = Sources::copy();
    let plugins = Plugins::without("director");
    let [director] = sources.build(["director"]);
    plugins.replace("director", Way::Copied, &director);
    // The frame limit is far away: however long the build takes, the game still runs.
    let mut game = Game::start(&plugins, "--bot --realtime --seed 1 --frames 1000000");
    game.line("wave 1");
    let mut observer = Observer::attach(&game.bus_folder());
    let (mut scores, mut waves) = (Vec::new(), Vec::new());
    let mut look = |observer: &mut Observer, enough: &dyn Fn(&[u64]) -> bool| {
        while !enough(&scores) {
            let picture = observer.next();
            scores.extend(picture.score);
            waves.extend(picture.wave);
        }
    };
    look(&mut observer, &|scores| scores.last() > Some(&0));
    drop(observer);

    sources.edit(RULES, BEFORE, AFTER);
    let [edited] = sources.build(["director"]);
    // A new observer, because the first one could not have kept all pictures of that time.
    let mut observer = Observer::attach(&game.bus_folder());
    plugins.replace("director", Way::Copied, &edited);
    let line = game.line("director runs as generation ");
    assert!(line.contains("generation 2,"), "{line}");
    look(&mut observer, &|scores| rises(scores).filter(|rise| *rise >= MUCH).count() == 3);

    assert!(scores.is_sorted(), "the score starts again: {scores:?}");
    assert!(waves.is_sorted() && waves[0] == 1, "the waves start again: {waves:?}");
    let rises: Vec<u64> = rises(&scores).filter(|rise| *rise > 0).collect();
    let swapped = rises.iter().position(|rise| *rise >= MUCH).expect("the new rules are obeyed");
    assert!(rises[swapped..].iter().all(|rise| *rise >= MUCH), "the old rules return: {rises:?}");
    // Kills are worth a multiple of 10 000 now: the remainder was won by the old rules.
    let (kept, last) = (scores.iter().rfind(|score| **score < MUCH), scores.last());
    assert!(kept > Some(&0) && kept.zip(last).is_some_and(|(kept, last)| last % 10_000 == kept % 10_000), "{scores:?}");
}

#[test]
fn a_topics_capacity_edited_and_all_its_plugins_rebuilt_changes_nothing_of_the_game() {
    const FLAGS: &str = "--bot --frames 600 --seed 7";
    let sources = Sources::copy();
    sources.edit(DECLARATIONS, "High, capacity = 1 << 18;", "High, capacity = 1 << 19;");
    let edited = sources.build(PLUGINS);
    let plugins = Plugins::all();
    let mut game = Game::start(&plugins, &format!("{FLAGS} --realtime"));
    game.line("wave 1");
    for (plugin, library) in PLUGINS.iter().zip(&edited) {
        plugins.replace(plugin, Way::Copied, library);
    }
    // In any order.
    for _ in PLUGINS {
        let line = game.line(" runs as generation ");
        assert!(line.contains("generation 2,"), "{line}");
    }
    let (run, undisturbed) = (game.end(), Run::undisturbed(FLAGS));
    assert_eq!(run.hash(), undisturbed.hash());
    assert_eq!(run.summary.lines().next(), undisturbed.summary.lines().next());
    for (topic, _) in TOPICS {
        for count in ["sent", "received", "dropped"] {
            assert_eq!(run.traffic(topic, count), undisturbed.traffic(topic, count), "{topic}: {count}");
        }
    }
    assert!(run.traffic("physics/contact", "received") > 0);
    assert!(!run.log.iter().any(|line| line.contains("WARN") || line.contains("ERROR")), "{:#?}", run.log);
}

/// The increases from one picture to the next.
fn rises(scores: &[u64]) -> impl Iterator<Item = u64> {
    scores.windows(2).map(|pair| pair[1].saturating_sub(pair[0]))
}

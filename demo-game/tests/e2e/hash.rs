//! The world hash, and the game without one of its plugins.

use tempfile::TempDir;

use crate::support::game::{Game, Run, command};
use crate::support::observer::Observer;
use crate::support::plugins::Plugins;
use crate::support::{PLUGINS, TOPICS};

const SEED_1: &str = "--bot --frames 300 --seed 1";

#[test]
fn same_seed_same_hash_another_seed_another_hash() {
    let again = Run::play(&Plugins::all(), SEED_1);
    assert_eq!(again.hash(), Run::undisturbed(SEED_1).hash());
    let other = Run::play(&Plugins::all(), "--bot --frames 300 --seed 2");
    assert_ne!(other.hash(), again.hash());
    let longer = Run::play(&Plugins::all(), "--bot --frames 301 --seed 1");
    assert_ne!(longer.hash(), again.hash());
}

#[test]
fn with_agents_same_seed_same_hash_another_seed_another_hash() {
    let [first, again, other] = ["1", "1", "2"]
        .map(|seed| Run::play(&Plugins::all(), &format!("--bot --agents 300 --frames 200 --seed {seed}")));
    assert_eq!(first.hash(), again.hash());
    assert_ne!(first.hash(), other.hash());
    // After frame 60, respawned as they die.
    assert_eq!(first.report["agents"], 300);
}

#[test]
fn at_60_hz_the_hash_is_that_of_a_run_as_fast_as_it_goes() {
    let flags = "--bot --frames 120 --seed 1";
    let (fast, slow) = (Run::undisturbed(flags), Run::play(&Plugins::all(), &format!("{flags} --realtime")));
    assert_eq!(fast.hash(), slow.hash());
}

#[test]
fn every_topic_is_sent_and_received_and_the_frame_arena_is_used() {
    let run = Run::undisturbed(SEED_1);
    for (topic, priority) in TOPICS {
        let counts = &run.report["bus"][topic][priority];
        assert!(counts["sent"].as_u64() > Some(0) && counts["received"].as_u64() > Some(0), "{topic}: {}", run.report);
        assert_eq!(counts["dropped"], 0, "{topic}");
    }
    assert_eq!(run.report["bus"].as_object().map(|topics| topics.len()), Some(TOPICS.len()));
    assert!(run.report["arena_bytes_per_frame"].as_u64() > Some(0), "{}", run.report);
    assert_eq!(run.report["frames"], 300);
    for plugin in PLUGINS {
        assert_eq!(
            ["generation", "reloads", "failed_loads", "panics"].map(|field| run.plugin(plugin, field)),
            [1, 0, 0, 0]
        );
    }
    assert_eq!(run.left_behind, [""; 0]);
}

/// Share of enemies that fly straight on at unchanged speed, from 0 to 1, over some frames.
fn share_that_drifts(plugins: &Plugins) -> f64 {
    let mut game = Game::start(plugins, "--realtime --agents 60 --frames 100000");
    game.line("wave 1");
    let mut observer = Observer::attach(&game.bus_folder());
    let pictures: Vec<_> = (0..60).map(|_| observer.next().enemies).collect();
    let (mut seen, mut straight) = (0_u32, 0_u32);
    for frames in pictures.windows(3) {
        let [before, now, after] = frames else { unreachable!("windows of three") };
        // Nothing shoots, so the drawing order stays; but an enemy that rams the ship disappears.
        if before.len() == now.len() && now.len() == after.len() {
            for ((before, now), after) in before.iter().zip(now).zip(after) {
                let bend = [0, 1].map(|axis| after[axis] - 2.0 * now[axis] + before[axis]);
                seen += 1;
                straight += u32::from(bend[0].hypot(bend[1]) < 1e-3);
            }
        }
    }
    assert!(seen > 600, "enemies were seen");
    f64::from(straight) / f64::from(seen)
}

#[test]
fn without_ai_enemies_drift() {
    let (steered, drifting) = (share_that_drifts(&Plugins::all()), share_that_drifts(&Plugins::without("ai")));
    assert!(steered < 0.2 && drifting > 0.8, "with ai {steered:.2} go straight on, without {drifting:.2}");
}

/// The run of [`SEED_1`] without `plugin`; the game keeps running, and its hash differs.
fn run_without(plugin: &str) -> Run {
    let run = Run::play(&Plugins::without(plugin), SEED_1);
    assert_eq!(run.report["frames"], 300);
    assert!(run.report["plugins"].get(plugin).is_none(), "{}", run.report);
    for other in PLUGINS.into_iter().filter(|other| *other != plugin) {
        assert_eq!(["generation", "panics"].map(|field| run.plugin(other, field)), [1, 0], "{other} without {plugin}");
    }
    assert_ne!(run.hash(), Run::undisturbed(SEED_1).hash(), "without {plugin}");
    run
}

#[test]
fn without_ai_there_are_waves_and_contacts_but_no_chatter() {
    let run = run_without("ai");
    assert_eq!(run.traffic("ai/chatter", "sent"), 0);
    assert!(run.traffic("game/event", "sent") > 0 && run.traffic("physics/contact", "sent") > 0, "{}", run.report);
}

#[test]
fn without_director_nothing_happens() {
    let run = run_without("director");
    for topic in ["ai/chatter", "game/event", "physics/contact"] {
        assert_eq!(run.traffic(topic, "sent"), 0, "{topic}");
    }
    assert_eq!(run.traffic("render/commands", "received"), 300);
    assert!(run.summary.contains("score 0, wave 0"), "{}", run.summary);
}

#[test]
fn without_physics_nothing_moves_and_nothing_touches() {
    let run = run_without("physics");
    assert_eq!(run.traffic("physics/contact", "sent"), 0);
    assert!(run.summary.contains("score 0, wave 1"), "{}", run.summary);
    let still = share_that_stands(&Plugins::without("physics"));
    assert!(still > 0.999, "{still:.2} of the enemies stand still");
}

/// Share of enemies whose position is the same in the next picture.
fn share_that_stands(plugins: &Plugins) -> f64 {
    let mut game = Game::start(plugins, "--realtime --agents 60 --frames 100000");
    game.line("wave 1");
    let mut observer = Observer::attach(&game.bus_folder());
    let pictures: Vec<_> = (0..30).map(|_| observer.next().enemies).collect();
    let moves = pictures.windows(2).flat_map(|pair| pair[0].iter().zip(&pair[1]));
    let (seen, still) =
        moves.fold((0_u32, 0_u32), |(seen, still), (before, now)| (seen + 1, still + u32::from(before == now)));
    assert!(seen > 600, "enemies were seen");
    f64::from(still) / f64::from(seen)
}

#[test]
fn without_render_the_game_goes_on_and_its_picture_shows_nothing_of_it() {
    let run = run_without("render");
    assert_eq!(run.traffic("render/commands", "sent"), 0);
    assert_eq!(run.traffic("game/event", "sent"), Run::undisturbed(SEED_1).traffic("game/event", "sent"));
    let brightest = |plugins: &Plugins| {
        let home = TempDir::new().expect("a folder");
        let picture = home.path().join("picture.png");
        let mut game = command(&home);
        game.args(["--headless", "--bot", "--frames", "120", "--screenshot"]).arg(&picture);
        let output = game.arg("--plugins").arg(plugins.folder()).output().expect("it can be started");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        crate::flags::Png::read(&picture).brightest()
    };
    let (with, without) = (brightest(&Plugins::all()), brightest(&Plugins::without("render")));
    // The backdrop has its own grid.
    assert!(with > 240 && without < 200, "brightest with render {with}, without {without}");
}

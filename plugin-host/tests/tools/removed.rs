//! Tools beside a bus that somebody removes under them.

use super::support::{Game, HITS, hit_json};

fn doctor(game: &Game) -> String {
    game.tool(&["doctor", "--interval", "0.2"]).end().out
}

#[test]
fn tools_say_that_their_bus_was_removed_and_fail() {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    let hz = game.tool(&["hz", HITS.name]);
    let hit = hit_json(1);
    let publish = game.tool(&["pub", HITS.name, &hit, "--rate", "100"]);
    game.until_read_by("hotframe bus echo", 1);
    game.until_read_by("hotframe bus hz", 1);
    game.until("it publishes", |snapshot| snapshot.topics[0].lanes.iter().any(|lane| lane.publisher.ends_with("pub")));
    std::fs::remove_dir_all(game.folder().join("game")).expect("there");
    for tool in [echo, hz, publish] {
        let error = tool.failed();
        assert!(error.contains("was removed: its folder was deleted, moved or replaced"), "{error}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_that_was_removed() {
    let game = Game::start();
    assert!(!doctor(&game).contains("was removed"));
    std::fs::remove_dir_all(game.folder().join("game")).expect("there");
    let second = shm_bus::Bus::open_in(game.folder(), "game").expect("a second one by that name");
    let told = doctor(&game);
    let user = format!("(process {}) uses a bus `game` that was removed from here", std::process::id());
    assert!(told.contains(&user), "{told}");
    drop(second);
}

#[test]
fn doctor_names_files_of_a_living_bus_that_were_removed() {
    let game = Game::start();
    std::fs::remove_file(game.folder().join("game/p0.lock")).expect("there");
    let lane = format!("lane-{}", game.bus.snapshot().topics[0].lanes[0].id);
    std::fs::remove_file(game.folder().join("game").join(&lane)).expect("there");
    let told = doctor(&game);
    assert!(told.contains("bus game: its file p0.lock was removed"), "{told}");
    assert!(told.contains(&format!("bus game: its file {lane} was removed")), "{told}");
    assert!(game.tool(&["gc"]).done().starts_with("nothing to remove"), "it lives");
}

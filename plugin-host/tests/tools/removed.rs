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

/// Moves a bus or its runtime folder under a tool that stands still, and has `doctor` look.
#[cfg(target_os = "linux")]
fn doctor_after_moving(from: &str, to: &str) {
    let game = Game::start();
    let echo = game.tool(&["echo", HITS.name]);
    game.until_read_by("hotframe bus echo", 1);
    // It would see for itself, and end.
    echo.signal(rustix::process::Signal::STOP);
    assert!(!doctor(&game).contains("was moved"), "it is where it was");
    let moved = std::process::Command::new("mv").args([game.file(from), game.file(to)]).status().expect("mv runs");
    assert!(moved.success());
    let told = doctor(&game);
    let user = format!("(process {}) uses a bus that was moved from here to", echo.pid());
    assert!(told.contains(&user) && told.contains("/elsewhere"), "{told}");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_that_was_moved_away() {
    doctor_after_moving("bus/game", "elsewhere");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_names_who_uses_a_bus_whose_runtime_folder_was_moved_away() {
    doctor_after_moving("bus", "elsewhere");
}

#[cfg(target_os = "linux")]
#[test]
fn doctor_takes_no_bus_of_another_runtime_folder_for_one_that_was_moved() {
    let (game, other) = (Game::start(), Game::start());
    let echo = other.tool(&["echo", HITS.name]);
    other.until_read_by("hotframe bus echo", 1);
    let told = doctor(&game);
    assert!(!told.contains("was moved"), "{told}");
    drop(echo);
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

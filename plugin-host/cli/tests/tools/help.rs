//! The commands' help.

use super::support::Game;

#[test]
fn every_command_shows_how_it_is_used() {
    let game = Game::start();
    let all = game.tool(&["--help"]).done();
    let (_, commands) = all.split_once("Commands:\n").expect("a list");
    let names = commands.lines().take_while(|line| !line.is_empty()).filter_map(|line| line.split_whitespace().next());
    let names: Vec<&str> = names.filter(|name| *name != "help").collect();
    assert_eq!(names, ["ls", "top", "echo", "pub", "hz", "record", "replay", "doctor", "gc"], "{all}");
    for name in names {
        let help = game.tool(&[name, "--help"]).done();
        assert!(help.contains("Example") && help.contains(&format!("hotframe bus {name}")), "{help}");
    }
}

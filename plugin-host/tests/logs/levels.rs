//! What isn't listened to costs nothing, and a host may change at run time what it listens to.

use tracing::level_filters::LevelFilter;

use super::capture::{Capture, listen_to};
use super::plugin::Plugin;

#[test]
fn a_level_that_nobody_listens_to_asks_the_host_nothing() {
    let capture = Capture::start(LevelFilter::DEBUG);
    let plugin = Plugin::load("traces");
    let before = capture.asked();
    plugin.host().plugins().call::<_, ()>("traces", "trifles", (1000,)).expect("it does not fail");
    assert_eq!(capture.asked(), before, "neither about the event's place nor about the span's, not even once");
    assert_eq!(capture.count("a trifle"), 0);
}

#[test]
fn a_place_is_asked_about_once_and_then_passed_on() {
    let capture = Capture::start(LevelFilter::TRACE);
    let plugin = Plugin::load("traces");
    plugin.host().plugins().call::<_, ()>("traces", "trifles", (10,)).expect("it does not fail");
    assert_eq!(capture.count("a trifle"), 10);
    assert_eq!(
        capture.line("number=3 "),
        "TRACE traces trifle{number=3 plugin=\"traces\" generation=1}: a trifle number=3 plugin=\"traces\" generation=1"
    );
}

#[test]
fn a_plugin_follows_the_hosts_level_from_the_next_edge_on() {
    let capture = Capture::start(LevelFilter::OFF);
    let mut plugin = Plugin::load("traces");
    let mut lines = Vec::new();
    for level in [
        LevelFilter::OFF,
        LevelFilter::INFO,
        LevelFilter::TRACE,
        LevelFilter::WARN,
        LevelFilter::DEBUG,
        LevelFilter::OFF,
    ] {
        listen_to(level);
        plugin.edge();
        let before = capture.lines().len();
        plugin.call("levels");
        lines.push(capture.lines().iter().skip(before).filter(|line| line.contains(" traces ")).count());
    }
    assert_eq!(lines, [0, 3, 5, 2, 4, 0]);
}

#[test]
fn a_build_that_is_made_while_the_level_changes_knows_the_new_one() {
    let capture = Capture::start(LevelFilter::INFO);
    let mut plugin = Plugin::load("traces");
    listen_to(LevelFilter::TRACE);
    plugin.replace();
    plugin.call("levels");
    assert_eq!(capture.count("a trifle plugin=\"traces\" generation=2"), 1);
}

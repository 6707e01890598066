//! `hz`.

use super::support::{Game, HITS};

#[test]
fn rate_gaps_and_losses_are_measured() {
    let mut game = Game::start();
    let hz = game.tool(&["hz", HITS.name, "--json", "--count", "20", "--interval", "3600"]);
    game.until_read_by("hotframe bus hz", 1);
    game.send(0..20);
    let line = hz.json();
    assert_eq!((&line["topic"], &line["messages"], &line["lost"]), (&"test/hits".into(), &20.into(), &0.into()));
    let number = |value: &serde_json::Value| value.as_f64().unwrap_or_else(|| panic!("{line}"));
    let (seconds, rate) = (number(&line["seconds"]), number(&line["rate_hz"]));
    assert!(
        (rate * seconds - 20.0).abs() < 1e-6 && (number(&line["bytes_per_s"]) * seconds - 320.0).abs() < 1e-6,
        "{line}"
    );
    let gap = |name: &str| number(&line["gap_ms"][name]);
    assert!(
        gap("min") <= gap("p50") && gap("p50") <= gap("p90") && gap("p90") <= gap("p99") && gap("p99") <= gap("max")
    );
    assert!(hz.done().is_empty());
}

#[test]
fn every_interval_is_a_line_also_when_nothing_comes() {
    let mut game = Game::start();
    let hz = game.tool(&["hz", HITS.name, "--json", "--interval", "0.01"]);
    assert_eq!((&hz.json()["messages"], &hz.json()["gap_ms"]), (&0.into(), &serde_json::Value::Null));
    game.send(0..7);
    let mut seen = 0;
    while seen < 7 {
        seen += hz.json()["messages"].as_u64().expect("a number");
    }
    assert_eq!(seen, 7);
}

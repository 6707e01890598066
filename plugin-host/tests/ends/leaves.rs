//! What reloads leave in memory.

use super::child::Played;

/// With `RUST_BACKTRACE=1` std's own hook would read each image's debug information, and keep it.
#[cfg(target_os = "linux")]
#[test]
fn a_panicking_thread_in_each_generation_costs_no_more_memory_than_none() {
    let grown = |does: &str| {
        let environment = [("RUST_BACKTRACE", "1"), ("ENDER_AT", "thread"), ("ENDER_DOES", does)];
        let mut played = Played::start_with("reloads", &environment);
        let line = played.line("grown by ");
        let words: Vec<&str> = line.split_whitespace().collect();
        let kib: u64 = words[2].parse().expect("a number");
        let (status, lines) = played.end();
        let panics = lines.iter().filter(|line| line.contains("a thread of ender panics")).count();
        assert!(status.success(), "{lines:#?}");
        (kib, panics)
    };
    let ((with, _), (without, _)) = (grown("panic"), grown("nothing"));
    eprintln!("a reload with a panic {with} KiB, without {without} KiB");
    assert!(with < without + 256, "a reload with a panic costs {with} KiB, without {without} KiB");
}

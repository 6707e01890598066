//! Memory that reloads leave in use.

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
        let panics = lines.iter().filter(|line| line.contains("a thread of ender panicked")).count();
        assert!(status.success(), "{lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("stack backtrace")), "std's hook has run: {lines:#?}");
        (kib, panics)
    };
    let ((with, panics), (without, none)) = (grown("panic"), grown("nothing"));
    // One in each generation that has run; ten generations are measured.
    assert!(panics > 10 && none == 0, "{panics} panics, and {none}");
    eprintln!("a reload with a panic {with} KiB, without {without} KiB");
    assert!(with < without + 256, "a reload with a panic costs {with} KiB, without {without} KiB");
}

#[test]
fn many_images_of_a_plugin_are_told_once_with_their_number_and_a_remedy() {
    let (status, lines) = Played::start("reloads often", "nowhere", "nothing").end();
    assert!(status.success(), "{lines:#?}");
    let told: Vec<&String> = lines.iter().filter(|line| line.contains("replaced images stay mapped")).collect();
    let [line] = told[..] else { panic!("{told:#?}") };
    let words = [
        "WARN ender: 200 replaced images",
        " MB in all",
        "restart it when convenient",
        "plugin=\"ender\" images=200 bytes=",
    ];
    assert!(words.iter().all(|word| line.contains(word)), "{line}");
}

//! Calls that don't return.

use super::child::Played;

/// A plugin that hangs at `at` is reported with these words, and reported again when it continues; then the process ends normally.
fn is_told(way: &str, at: &str, words: &str) {
    let mut played = Played::start(way, at, "hang");
    let line = played.line("has not returned for 1s");
    assert!(line.contains("ender has not") && line.contains(words), "{at}: {line}");
    played.go_on();
    let line = played.line("has returned after about");
    assert!(line.contains(words), "{at}: {line}");
    let (status, lines) = played.end();
    assert!(status.success(), "{at}: {lines:#?}");
}

#[test]
fn a_system_that_does_not_return_is_told_after_a_second_and_when_it_does() {
    is_told("plays", "second frame", "in its system `step`");
}

#[test]
fn an_instance_that_is_never_made_saved_or_dropped_is_told() {
    is_told("plays", "create", "while an instance of it is made");
    is_told("saves", "save", "while its state is saved");
    is_told("plays", "drop", "while its state is dropped");
}

/// The state is saved and the swap is done, although the plugin's thread-local hangs.
#[cfg(target_os = "linux")]
#[test]
fn a_thread_local_that_hangs_when_its_thread_ends_holds_nobody_up_and_is_told() {
    let ways = [
        ("saves and waits", "generation 1 ends"),
        ("swaps beside a frame and waits", "generation 1 or 2 ends"),
        ("swaps at the edge and waits", "generation 1 ends"),
    ];
    for (way, generation) in ways {
        let mut played = Played::start(way, "thread's end", "hang");
        played.line("it keeps running");
        let line = played.line("has not returned for 1s");
        assert!(line.contains("ender has not") && line.contains(generation), "{line}");
        assert!(line.contains("drops its thread-locals; nothing waits for it"), "{line}");
        played.go_on();
        played.line("has returned after about");
        played.end_waiting();
        let (status, lines) = played.end();
        assert!(status.success(), "{way}: {lines:#?}");
    }
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_is_never_loaded_is_told() {
    is_told("plays", "load", "while its library is loaded");
}

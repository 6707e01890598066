//! Calls of `exit`, and whether they count as the engine's own end.

use plugin_host::EXIT_CODE;

use super::child::Played;

/// A plugin that exits at `at` is reported with these words, and the process has failed.
fn is_told(at: &str, does: &str, words: &[&str]) -> Vec<String> {
    let (status, lines) = Played::start("plays", at, does).end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{at}: {lines:#?}");
    let told = lines.iter().find(|line| line.contains("has called exit") || line.contains("has called quick_exit"));
    let told = told.unwrap_or_else(|| panic!("{at}: {lines:#?}"));
    for word in [&["ender", "code 70"], words].concat() {
        assert!(told.contains(word), "{at}: no {word:?} in {told}");
    }
    lines
}

#[test]
fn a_plugin_that_exits_in_a_call_is_told_with_the_call_and_ends_without_success() {
    is_told("system", "exit", &["ERROR ender has called exit in its system `step`", "generation=1"]);
    is_told("create", "exit", &["ERROR ", "while an instance of it is made", "generation=1"]);
    is_told("drop", "exit", &["ERROR ", "while its state is dropped", "generation=1"]);
}

#[test]
fn a_plugin_that_exits_while_its_state_is_saved_is_told() {
    let (status, lines) = Played::start("saves", "save", "exit").end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("has called exit while its state is saved")), "{lines:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_library_that_exits_while_it_is_loaded_is_told() {
    is_told("load", "exit", &["while its library is loaded"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_plugins_thread_that_exits_is_told_with_the_plugins_name() {
    is_told("thread", "exit", &["ERROR a thread of ender has called exit", "generation=1"]);
}

#[cfg(target_os = "linux")]
#[test]
fn a_quick_exit_is_told_as_an_exit_is() {
    is_told("system", "quick exit", &["ERROR ender has called quick_exit in its system `step`", "generation=1"]);
    is_told("load", "quick exit", &["while its library is loaded"]);
    is_told("thread", "quick exit", &["ERROR a thread of ender has called quick_exit", "generation=1"]);
    let (status, lines) = Played::start("quick-exits guarded", "nowhere", "nothing").end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{lines:#?}");
    assert!(
        lines.iter().any(|line| line.contains("unknown code has called quick_exit while the game runs")),
        "{lines:#?}"
    );
    let (status, lines) = Played::start("quick-exits itself", "nowhere", "nothing").end();
    assert_eq!(status.code(), Some(3), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("quick_exit")), "{lines:#?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_thread_local_that_exits_when_its_thread_ends_is_told() {
    let (status, lines) = Played::start("saves and waits", "thread's end", "exit").end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("ERROR a thread of ender has called exit")), "{lines:#?}");
}

#[test]
fn a_plugins_hook_that_exits_leaves_text_and_place_of_the_panic() {
    let lines = is_told("create", "exit in a hook", &["in its system `step`"]);
    let told = lines.iter().find(|line| line.contains("ender panicked in its system `step`: under its own hook, at "));
    assert!(told.is_some_and(|line| line.contains("ender.rs:")), "{lines:#?}");
}

#[test]
fn an_embedders_own_exit_is_its_own() {
    for way in ["exits itself", "has a thread that exits"] {
        let (status, lines) = Played::start(way, "nowhere", "nothing").end();
        assert_eq!(status.code(), Some(3), "{way}: {lines:#?}");
        assert!(!lines.iter().any(|line| line.contains("exit")), "{way}: {lines:#?}");
    }
    let (status, lines) = Played::start("plays", "nowhere", "nothing").end();
    assert!(status.success() && lines.last().is_some_and(|line| line.contains("as it wanted")), "{lines:#?}");
}

#[test]
fn while_a_guard_lives_nobody_exits_with_success() {
    let (status, lines) = Played::start("exits guarded", "nowhere", "nothing").end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{lines:#?}");
    assert!(lines.iter().any(|line| line.contains("unknown code has called exit while the game runs")), "{lines:#?}");
    let (status, lines) = Played::start("guarded", "nowhere", "nothing").end();
    assert!(status.success(), "a guard that was dropped is none: {lines:#?}");
}

#[test]
fn of_two_hosts_in_one_process_either_is_watched() {
    let (status, lines) = Played::start("plays twice at once", "second frame", "exit").end();
    assert_eq!(status.code(), Some(EXIT_CODE), "{lines:#?}");
    assert_eq!(
        lines.iter().filter(|line| line.contains("has called exit in its system `step`")).count(),
        1,
        "{lines:#?}"
    );
    let (status, lines) = Played::start("plays twice at once", "nowhere", "nothing").end();
    assert!(status.success(), "{lines:#?}");
}

#[test]
fn a_fork_that_a_plugin_makes_ends_as_it_wants() {
    let (status, lines) = Played::start("plays", "second frame", "fork").end();
    assert!(status.success(), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("exit") || line.contains("panicked")), "{lines:#?}");
}

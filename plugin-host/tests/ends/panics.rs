//! The log of a process that a plugin's panic or abort has ended.

use std::os::unix::process::ExitStatusExt as _;

use super::child::Played;

const ABORTED: i32 = 6;

#[test]
fn a_panic_during_a_panic_aborts_and_both_are_told_before() {
    let places =
        [("system", "in its system `step`"), ("create", "while an instance of it is made"), ("drop", "is dropped")];
    for (at, place) in places {
        let (status, lines) = Played::start("plays", at, "panic twice").end();
        assert_eq!(status.signal(), Some(ABORTED), "{at}: {status} {lines:#?}");
        for text in ["the first", "the second"] {
            let told = lines.iter().find(|line| line.contains(&format!(": {text}, at ")));
            let told = told.unwrap_or_else(|| panic!("{at}: no {text:?} in {lines:#?}"));
            let words = ["ERROR ender panicked", place, "ender.rs:", "plugin=\"ender\" generation=1"];
            assert!(words.iter().all(|word| told.contains(word)), "{at}: {told}");
        }
    }
}

#[test]
fn a_panic_on_a_thread_that_aborts_is_told_with_the_plugins_name() {
    let (status, lines) = Played::start("plays", "thread", "panic twice").end();
    assert_eq!(status.signal(), Some(ABORTED), "{lines:#?}");
    let told = |text: &str| lines.iter().any(|line| line.contains(&format!("a thread of ender panicked: {text}, at ")));
    assert!(told("the first") && told("the second"), "{lines:#?}");
}

#[test]
fn of_an_abort_the_last_traced_call_names_the_plugin_and_its_system() {
    let (status, lines) = Played::start("plays", "system", "abort").end();
    assert_eq!(status.signal(), Some(ABORTED), "{lines:#?}");
    let last = lines.iter().rfind(|line| line.starts_with("TRACE a call, ")).expect("calls are traced");
    assert!(last.contains("in its system `step` plugin=\"ender\" generation=1"), "{last}");
}

//! A shortage of the host is not a file's fault: it is reported once, and the file is retried until it can be tried.

use super::child::Played;

#[test]
fn a_folder_for_copies_that_runs_no_code_is_named_and_the_plugin_runs_as_soon_as_it_does() {
    let noexec = "mount -t tmpfs -o noexec none \"$TMPDIR\"";
    let Some(mut played) = Played::start_inside(noexec, "finds a better place") else { return };
    let line = played.line("cannot be loaded now");
    for word in ["ERROR ender", "/tmp/hotframe-images-", "noexec", "TMPDIR"] {
        assert!(line.contains(word), "no {word:?} in {line}");
    }
    played.line("it keeps running");
    played.end_waiting();
    let (status, lines) = played.end();
    assert!(status.success(), "{lines:#?}");
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert_eq!(
        (count("cannot be loaded now"), count("refused"), count("runs as generation 1")),
        (1, 0, 1),
        "{lines:#?}"
    );
}

#[test]
fn a_build_that_lacks_a_descriptor_at_the_edge_is_told_once_and_runs_when_there_is_one() {
    let mut played = Played::start("lacks descriptors at the edge", "nowhere", "nothing");
    let line = played.line("generation 1 keeps running");
    assert!(line.contains("ERROR talker") && line.contains("Too many open files"), "{line}");
    assert!(line.contains("; it is tried again every second"), "{line}");
    played.end_waiting();
    let (status, lines) = played.end();
    assert!(status.success(), "{lines:#?}");
    let count = |part: &str| lines.iter().filter(|line| line.contains(part)).count();
    assert_eq!((count("it is tried again"), count("talker runs as generation 2")), (1, 1), "{lines:#?}");
}

/// The watcher may scan the folder before it tries the file: then the folder counts as missing for as long as it can't be read.
#[test]
fn a_build_that_comes_while_no_descriptor_is_left_runs_when_there_are_some() {
    let mut played = Played::start("lacks descriptors", "nowhere", "nothing");
    let line = played.line_of(&["cannot be loaded now", "is missing", "is refused"]);
    assert!(!line.contains("is refused") && line.contains("Too many open files"), "{line}");
    played.end_waiting();
    let (status, lines) = played.end();
    assert!(status.success(), "{lines:#?}");
    assert!(!lines.iter().any(|line| line.contains("refused")), "{lines:#?}");
}

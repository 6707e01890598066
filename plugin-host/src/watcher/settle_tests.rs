//! Tests of the settle table: one row for each rule.

use super::*;

const TIMING: Timing = Timing {
    settle: Duration::from_millis(15),
    quiet: Duration::from_millis(50),
    looked: Duration::from_millis(30),
    gone: Duration::from_millis(100),
    renewed: Duration::from_millis(400),
    postponed: Duration::from_millis(300),
    look: Duration::from_millis(200),
    retries: [
        Duration::from_millis(20),
        Duration::from_millis(50),
        Duration::from_millis(100),
        Duration::from_millis(200),
    ],
};

fn hash(n: u64) -> ContentHash {
    ContentHash::of(&n.to_le_bytes())
}

/// Phase before, input at 1000 ms, phase after, verdict.
type Row = (Phase, Input, Phase, Option<Verdict>);

#[test]
fn every_row_of_the_table() {
    let base = Instant::now();
    let at = |ms| base + Duration::from_millis(ms);
    let now = at(1000);
    let (absent, idle) = (Phase::Absent, Phase::Idle);
    let due = |failed| Phase::Due { failed };
    let settling = |ms| Phase::Settling { until: at(ms) };
    let retrying = |ms, failed| Phase::Retrying { until: at(ms), failed };
    let vanished = |ms| Phase::Vanished { until: at(ms) };
    let (there, missing) = (Input::Deadline { present: true }, Input::Deadline { present: false });

    let rows: &[Row] = &[
        // A scan tries files that are new or known, and disturbs nothing in progress.
        (absent, Input::Found, due(0), None),
        (idle, Input::Found, due(0), None),
        (vanished(1001), Input::Found, due(0), None),
        (settling(1001), Input::Found, settling(1001), None),
        (due(2), Input::Found, due(2), None),
        (retrying(1001, 2), Input::Found, retrying(1001, 2), None),
        // A lone creation: 15 ms to settle, unless a try is due anyway.
        (absent, Input::Created, settling(1015), None),
        (idle, Input::Created, settling(1015), None),
        (settling(1001), Input::Created, settling(1015), None),
        (due(1), Input::Created, due(0), None),
        (retrying(1001, 1), Input::Created, settling(1015), None),
        (vanished(1001), Input::Created, settling(1015), None),
        // A modification: wait for the close-write or for quiet.
        (absent, Input::Modified, settling(1050), None),
        (idle, Input::Modified, settling(1050), None),
        (settling(1001), Input::Modified, settling(1050), None),
        (due(1), Input::Modified, settling(1050), None),
        (retrying(1001, 3), Input::Modified, settling(1050), None),
        (vanished(1001), Input::Modified, settling(1050), None),
        // Close-write or rename-to: at once, with a fresh count of tries.
        (absent, Input::CloseWritten, due(0), None),
        (idle, Input::CloseWritten, due(0), None),
        (settling(1001), Input::CloseWritten, due(0), None),
        (due(3), Input::CloseWritten, due(0), None),
        (retrying(1001, 3), Input::CloseWritten, due(0), None),
        (vanished(1001), Input::CloseWritten, due(0), None),
        (absent, Input::RenamedTo, due(0), None),
        (idle, Input::RenamedTo, due(0), None),
        (settling(1001), Input::RenamedTo, due(0), None),
        (due(3), Input::RenamedTo, due(0), None),
        (retrying(1001, 3), Input::RenamedTo, due(0), None),
        (vanished(1001), Input::RenamedTo, due(0), None),
        // A removal is reported only after a while.
        (absent, Input::Removed, absent, None),
        (idle, Input::Removed, vanished(1100), None),
        (settling(1001), Input::Removed, vanished(1100), None),
        (due(1), Input::Removed, vanished(1100), None),
        (retrying(1001, 1), Input::Removed, vanished(1100), None),
        (vanished(1001), Input::Removed, vanished(1001), None),
        // A change found by looking: the file must stay unchanged for a moment.
        (absent, Input::Changed, settling(1030), None),
        (idle, Input::Changed, settling(1030), None),
        (settling(1001), Input::Changed, settling(1030), None),
        (settling(1900), Input::Changed, settling(1900), None),
        (due(1), Input::Changed, due(1), None),
        (retrying(1001, 2), Input::Changed, settling(1030), None),
        (vanished(1001), Input::Changed, settling(1030), None),
        // A name that leads nowhere is not a removal, and there is nothing to try.
        (absent, Input::OutOfReach, idle, None),
        (idle, Input::OutOfReach, idle, None),
        (settling(1001), Input::OutOfReach, idle, None),
        (due(1), Input::OutOfReach, idle, None),
        (retrying(1001, 2), Input::OutOfReach, idle, None),
        (vanished(1001), Input::OutOfReach, idle, None),
        // A file that is missing from a new folder may still be put there.
        (absent, Input::NotRenewed, absent, None),
        (idle, Input::NotRenewed, vanished(1400), None),
        (settling(1001), Input::NotRenewed, vanished(1400), None),
        (due(1), Input::NotRenewed, vanished(1400), None),
        (retrying(1001, 2), Input::NotRenewed, vanished(1400), None),
        (vanished(1001), Input::NotRenewed, vanished(1400), None),
        // Deadlines.
        (settling(1000), there, due(0), None),
        (retrying(1000, 3), there, due(3), None),
        (vanished(1000), there, due(0), None),
        (settling(1000), missing, vanished(1100), None),
        (retrying(1000, 3), missing, vanished(1100), None),
        (vanished(1000), missing, absent, Some(Verdict::Removed)),
        (absent, missing, absent, None),
        (idle, there, idle, None),
        (due(1), there, due(1), None),
        // Outcomes: again after 20, 50, 100, 200 ms, then no more.
        (due(0), Input::Incomplete, retrying(1020, 1), None),
        (due(1), Input::Incomplete, retrying(1050, 2), None),
        (due(2), Input::Incomplete, retrying(1100, 3), None),
        (due(3), Input::Incomplete, retrying(1200, 4), None),
        (due(4), Input::Incomplete, idle, Some(Verdict::GiveUp)),
        (due(0), Input::Settled, idle, None),
        (due(4), Input::Settled, idle, None),
        // A try that the host could not make is repeated without limit; tries that found the file incomplete stay counted.
        (due(0), Input::Postponed, retrying(1300, 0), None),
        (due(4), Input::Postponed, retrying(1300, 4), None),
        (retrying(1000, 0), there, due(0), None),
        // Unexpected outcomes.
        (idle, Input::Postponed, idle, None),
        (idle, Input::Settled, idle, None),
        (settling(1001), Input::Incomplete, settling(1001), None),
        (vanished(1001), Input::Settled, vanished(1001), None),
    ];
    for &(before, input, after, verdict) in rows {
        assert_eq!(before.on(input, now, &TIMING), (after, verdict), "{before:?} on {input:?}");
    }
}

#[test]
fn every_phase_says_what_to_do() {
    let until = Instant::now();
    let rows = [
        (Phase::Absent, Next::Nothing),
        (Phase::Idle, Next::Nothing),
        (Phase::Settling { until }, Next::Wait(until)),
        (Phase::Retrying { until, failed: 1 }, Next::Wait(until)),
        (Phase::Vanished { until }, Next::Wait(until)),
        (Phase::Due { failed: 0 }, Next::TryNow),
    ];
    for (phase, next) in rows {
        assert_eq!(phase.next(), next, "{phase:?}");
    }
}

#[test]
fn an_incomplete_file_is_tried_five_times_then_refused_until_it_changes() {
    let mut now = Instant::now();
    let mut phase = Phase::Absent.on(Input::CloseWritten, now, &TIMING).0;
    let mut pauses = Vec::new();
    let verdict = loop {
        assert_eq!(phase.next(), Next::TryNow);
        let (after, verdict) = phase.on(Input::Incomplete, now, &TIMING);
        phase = after;
        let Next::Wait(until) = phase.next() else { break verdict };
        pauses.push(until - now);
        now = until;
        phase = phase.on(Input::Deadline { present: true }, now, &TIMING).0;
    };
    assert_eq!((pauses.as_slice(), verdict), (TIMING.retries.as_slice(), Some(Verdict::GiveUp)));
    assert_eq!(phase, Phase::Idle);
    assert_eq!(phase.on(Input::CloseWritten, now, &TIMING).0, Phase::Due { failed: 0 });
}

#[test]
fn known_contents_need_no_second_look() {
    let (good, bad) = (hash(1), hash(2));
    let start = Known::default();
    let rows = [
        ("nothing is known at first", start, false, false),
        ("the accepted one", start.accept(good), true, false),
        ("the refused one", start.refuse(Some(bad)), false, true),
        ("both", start.accept(good).refuse(Some(bad)), true, true),
        ("a refusal without a content", start.accept(good).refuse(None), true, false),
        (
            "the good one returns: the bad one is reported again",
            start.accept(good).refuse(Some(bad)).unchanged(good),
            true,
            false,
        ),
        ("the bad one again: told once", start.accept(good).refuse(Some(bad)).unchanged(bad), true, true),
        ("the bad one is asked for again", start.accept(good).refuse(Some(bad)).ask_again(), true, false),
        ("a new accepted one replaces the old one", start.accept(good).accept(bad), false, true),
    ];
    for (what, known, has_good, has_bad) in rows {
        assert_eq!((known.has(good), known.has(bad)), (has_good, has_bad), "{what}");
    }
}

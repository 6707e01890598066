//! Two processes that sleep without slices: a single lost wake-up hangs the test.
//!
//! A million rounds, or `HOTFRAME_BELL_ROUNDS`.

use std::path::Path;
use std::process::Command;
use std::time::Duration;

use super::{fence_before_look, ring, wait_in_slices};
use crate::layout::PAGE;
use crate::segment::Segment;
use crate::sync::{AtomicU64, Ordering};
use crate::sys::{self, BellId, Sleeper};

const FILE: &str = "HOTFRAME_BELL_FILE";
const ROUNDS: &str = "HOTFRAME_BELL_ROUNDS";
/// Longer than any test runs.
const FOREVER: Duration = Duration::from_secs(1 << 20);

fn map(path: &Path) -> Segment {
    let file = std::fs::File::options().read(true).write(true).open(path).expect("opens");
    Segment::writable(&file, PAGE as u64).expect("maps")
}

/// Uses four lines: two bells, two messages. Sends `round` after receiving it (or the previous one), `rounds` times. Returns how often it
/// slept.
fn play(path: &Path, first: bool, rounds: u64) -> u64 {
    let segment = map(path);
    let word = |line: usize| &segment.words()[line * 8];
    let (mine, yours) = if first { (0, 1) } else { (1, 0) };
    let (my_bell, your_bell) = (word(mine), word(yours));
    let (inward, outward): (&AtomicU64, &AtomicU64) = (word(2 + mine), word(2 + yours));
    let id = |index| BellId { folder: path, kind: "stress", index };
    let sleeper = Sleeper::new(id(mine)).expect("can sleep");
    let say = |round: u64| {
        outward.store(round, Ordering::Release);
        fence_before_look();
        if ring(your_bell) {
            sys::wake(your_bell, id(yours));
        }
    };
    let mut slept = 0;
    for round in 1..=rounds {
        if first {
            say(round);
        }
        // From none to several hundred looks, so that rings hit every moment of arming.
        let looks = round.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 55;
        if (0..looks).all(|_| inward.load(Ordering::Relaxed) < round) {
            let heard = || inward.load(Ordering::Relaxed) >= round;
            slept += wait_in_slices(my_bell, &sleeper, FOREVER, None, heard).sleeps;
        }
        if !first {
            say(round);
        }
    }
    slept
}

fn rounds() -> u64 {
    std::env::var(ROUNDS).ok().and_then(|rounds| rounds.parse().ok()).unwrap_or(1_000_000)
}

/// Not a test of its own: the code of the other process.
#[test]
fn far_end() {
    if let Some(path) = std::env::var_os(FILE) {
        play(Path::new(&path), false, rounds());
    }
}

#[test]
fn no_wake_up_is_lost_between_two_processes() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("bells");
    let file = std::fs::File::create_new(&path).expect("made");
    sys::allocate(&file, PAGE as u64).expect("room");
    let mut other = Command::new(std::env::current_exe().expect("a path"))
        .args(["--exact", "bell::stress::far_end", "--test-threads=1"])
        .env(FILE, &path)
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("starts");
    let slept = play(&path, true, rounds());
    assert!(other.wait().expect("ends").success());
    assert!(slept > 0, "it never slept: nothing was tried");
}

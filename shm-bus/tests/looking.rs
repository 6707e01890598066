//! Looking is cheap: reading a header brings only the header into memory, not the ring behind it.
//!
//! This test binary looks in another process, run as the test `child` alone, which reports its peak memory.

#![cfg(target_os = "linux")]

mod numbers;

use std::io::Write;
use std::path::Path;
use std::process::Command;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, QueueLane, QueueSpec, Start, TopicSpec};

use numbers::topic_of_numbers;

const FOLDER: &str = "HOTFRAME_TEST_LOOK_IN";
const HOW: &str = "HOTFRAME_TEST_LOOK_HOW";
const LARGE: u32 = 64 << 20;
/// The most memory that a look may add: far less than one of these rings.
const LOOK_KB: u64 = 8 << 10;

const fn topic(name: &str) -> TopicSpec<'_> {
    topic_of_numbers(name, Policy::Reject)
}

/// Peak memory of this process, in kB, including shared memory.
fn most_memory() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").expect("Linux");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:")).expect("told");
    line.trim().trim_end_matches(" kB").parse().expect("a number")
}

/// The other process; called as a test of its own, it does nothing.
#[test]
fn child() {
    let Some(folder) = std::env::var_os(FOLDER) else { return };
    let before = most_memory();
    match std::env::var(HOW).expect("told").as_str() {
        "peek" => {
            let snapshot = shm_bus::peek_in(&folder, "game").expect("there");
            assert_eq!((snapshot.topics.len(), snapshot.queues.len(), snapshot.topics[0].lanes[0].sent), (2, 1, 1));
        }
        // Attaching removes what is drained, and reads lanes, inboxes and claims for that.
        "attach" => drop(Bus::attach_in(&folder, "game").expect("there").snapshot()),
        "list" => {
            assert_eq!(shm_bus::list_in(&folder).expect("listed"), ["game"]);
            assert!(shm_bus::gc_in(&folder).expect("listed").is_empty());
        }
        how => unreachable!("{how}"),
    }
    writeln!(std::io::stdout(), "more: {}", most_memory() - before).expect("the parent listens");
}

/// The memory that another process needs for a look, in kB.
fn look(folder: &Path, how: &str) -> u64 {
    let mut command = Command::new(std::env::current_exe().expect("this"));
    command.args(["--exact", "child", "--nocapture", "--test-threads=1"]).env(FOLDER, folder).env(HOW, how);
    let output = command.output().expect("it starts");
    let said = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success(), "{said}{}", String::from_utf8_lossy(&output.stderr));
    let more = said.split("more: ").nth(1).and_then(|rest| rest.lines().next()).expect("told");
    more.trim().parse().expect("a number")
}

#[test]
fn a_look_at_large_lanes_and_claims_takes_little_memory() {
    let folder = tempfile::tempdir().expect("a folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    // One lane of a live publisher, and one that has ended and still has an unread message.
    let mut reader = bus.inbox("reader", Attachment::Gating).expect("made");
    reader.subscribe(&topic("numbers"), Start::Now).expect("subscribed");
    let lane = &[(Priority::Normal, LARGE)];
    let mut living = bus.publisher(&topic("numbers"), "a", lane).expect("made");
    let mut ended = bus.publisher(&topic("numbers"), "b", lane).expect("made");
    living.send(Priority::Normal, &[0; 8]).expect("room");
    ended.send(Priority::Normal, &[0; 8]).expect("room");
    drop(ended);
    // The same for a queue with a large claim table.
    let queue = QueueSpec::new(topic("work"));
    let lanes = [QueueLane::new(Priority::Normal, LARGE).outstanding(LARGE / 32)];
    let mut producer = bus.work_producer(&queue, "boss", &lanes).expect("made");
    producer.send(Priority::Normal, &[0; 8]).expect("room");
    drop(producer);
    for how in ["peek", "attach", "list"] {
        let more = look(folder.path(), how);
        assert!(more < LOOK_KB, "{how}: {more} kB");
    }
    assert_eq!(bus.snapshot().topics[0].lanes.len(), 2, "nothing was cleared away that is needed");
}

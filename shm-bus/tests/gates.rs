//! Obligations of publishers and sweeps towards an inbox that they can't map for a while, or whose cursor belongs to a former lane.

#![cfg(unix)]

mod numbers;

use std::fs::{self, File};
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, Publisher, SendError, Start, TopicSpec};

use numbers::topic_of_numbers;

const LANE: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
const NUMBERS: TopicSpec<'static> = topic_of_numbers("numbers", Policy::Reject);
/// The word of `control` with the next id (`PROTOCOL.md`).
const NEXT_ID: u64 = 320;

struct Game {
    bus: Bus,
    inbox: Inbox,
    _folder: tempfile::TempDir,
}

/// A bus with a gating inbox and no lane.
fn game() -> Game {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
    Game { bus, inbox, _folder: folder }
}

impl Game {
    fn publisher(&self) -> Publisher {
        self.bus.publisher(&NUMBERS, "writer", LANE).expect("made")
    }

    /// The only file whose name begins with `start`.
    fn file(&self, start: &str) -> (u64, PathBuf) {
        let names = fs::read_dir(self.bus.path()).expect("listed").map(|entry| entry.expect("listed").file_name());
        let mut names = names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(start));
        let name = names.next().expect("one");
        assert!(names.next().is_none(), "only one");
        (name[start.len()..].parse().expect("a number"), self.bus.path().join(name))
    }

    fn lanes(&self) -> usize {
        self.bus.snapshot().topics.iter().map(|topic| topic.lanes.len()).sum()
    }

    /// All waiting messages.
    fn take(&mut self) -> Vec<u64> {
        let mut taken = Vec::new();
        while let Some(delivery) = self.inbox.receive().expect("mapped") {
            assert_eq!(delivery.lost, 0);
            taken.push(u64::from_le_bytes(delivery.payload.try_into().expect("8 bytes")));
        }
        taken
    }
}

fn send(publisher: &mut Publisher, value: u64) -> Result<(), SendError> {
    publisher.send(Priority::Normal, &value.to_le_bytes())
}

/// Sends until there is no room; returns the number of messages. Each message is its number.
fn fill(publisher: &mut Publisher) -> u64 {
    let sent = (0..1000).take_while(|value| send(publisher, *value).is_ok()).count() as u64;
    assert!(sent < 1000, "the publisher waits for an inbox");
    sent
}

/// A file whose first word is overwritten until this is dropped, so that nobody can map it.
struct Unmappable {
    file: File,
    magic: [u8; 8],
}

impl Unmappable {
    fn make(path: &PathBuf) -> Self {
        let file = File::options().read(true).write(true).open(path).expect("opens");
        let mut magic = [0; 8];
        file.read_exact_at(&mut magic, 0).expect("read");
        file.write_all_at(b"nonsense", 0).expect("written");
        Self { file, magic }
    }
}

impl Drop for Unmappable {
    fn drop(&mut self) {
        self.file.write_all_at(&self.magic, 0).expect("written");
    }
}

#[test]
fn a_closed_lane_stays_while_an_inbox_that_it_waits_for_cannot_be_mapped() {
    let mut game = game();
    let (_, inbox) = game.file("inbox-");
    let mut publisher = game.publisher();
    (0..3).for_each(|value| send(&mut publisher, value).expect("room"));
    let unmappable = Unmappable::make(&inbox);
    // This participant sweeps, and so does the other one.
    drop(publisher);
    drop(game.bus.attach_again().expect("attached"));
    assert_eq!(game.lanes(), 1, "taken from an inbox that may still read it");
    drop(unmappable);
    // The inbox has never seen the lane, and could not find it without its entry.
    assert_eq!(game.take(), [0, 1, 2]);
    assert_eq!(game.lanes(), 0, "it was read to its end");
}

#[test]
fn a_lane_does_not_take_a_cursor_of_long_ago_for_one_of_its_own() {
    let mut game = game();
    let mut publisher = game.publisher();
    let (first, _) = game.file("lane-");
    send(&mut publisher, 7).expect("room");
    assert_eq!(game.take(), [7]);
    drop(publisher);
    assert!(game.take().is_empty());
    assert_eq!(game.lanes(), 0, "the place in the lane table is free, and the cursor there says: done");

    // The next id has the same low 16 bits as the former lane's, by which cursors distinguish lanes.
    let control = File::options().write(true).open(game.bus.path().join("control")).expect("opens");
    control.write_all_at(&(first + (1 << 16)).to_le_bytes(), NEXT_ID).expect("written");
    let mut publisher = game.publisher();
    let (second, _) = game.file("lane-");
    assert!(second > first && (second - first) % (1 << 16) != 0, "{first}, then {second}");
    // The inbox does not look until the ring is full: the publisher waits for it from the first message on.
    let sent = fill(&mut publisher);
    assert_eq!(game.take(), Vec::from_iter(0..sent));
}

#[test]
fn an_inbox_that_cannot_be_mapped_is_waited_for_and_tried_again() {
    let mut game = game();
    let (_, inbox) = game.file("inbox-");
    let mut publisher = game.publisher();
    let unmappable = Unmappable::make(&inbox);
    let sent = fill(&mut publisher);
    assert_eq!(game.take(), Vec::from_iter(0..sent));
    assert_eq!(send(&mut publisher, sent), Err(SendError::Full), "its position is unknown");
    drop(unmappable);
    // Meanwhile no entry changes: the epoch stays the same.
    send(&mut publisher, sent).expect("room");
    assert_eq!(game.take(), [sent]);
}

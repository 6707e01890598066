//! `PROTOCOL.md` as a program without knowledge of this crate would read it: a bus's files, byte by byte.

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::time::Duration;

use shm_bus::wire::{Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec};

const SCHEMA: &str = "test.Number@1 8/8 {value:u64@0}";

const fn topic(name: &'static str, policy: Policy) -> TopicSpec<'static> {
    let schema_hash = schema_hash(SCHEMA);
    TopicSpec { name, type_name: "test.Number", schema: SCHEMA, schema_hash, message_size: 8, policy }
}

/// A file of a bus.
struct File(Vec<u8>);

impl File {
    fn read(bus: &Bus, name: &str) -> Self {
        Self(fs::read(bus.path().join(name)).expect("the file is there"))
    }

    /// The only file whose name begins with `start`.
    fn sole(bus: &Bus, start: &str) -> (u64, Self) {
        let names = fs::read_dir(bus.path()).expect("listed").map(|entry| entry.expect("listed").file_name());
        let mut names = names.filter_map(|name| name.into_string().ok()).filter(|name| name.starts_with(start));
        let name = names.next().expect("one");
        assert!(names.next().is_none(), "only one");
        (name[start.len()..].parse().expect("a number"), Self::read(bus, &name))
    }

    fn word(&self, at: usize) -> u64 {
        u64::from_le_bytes(self.0[at..at + 8].try_into().expect("8 bytes"))
    }

    fn words<const N: usize>(&self, at: usize) -> [u64; N] {
        std::array::from_fn(|index| self.word(at + index * 8))
    }

    fn text(&self, at: usize, field: usize) -> String {
        let bytes = &self.0[at..at + field];
        let end = bytes.iter().position(|byte| *byte == 0).unwrap_or(field);
        assert!(bytes[end..].iter().all(|byte| *byte == 0), "zeros behind");
        String::from_utf8(bytes[..end].to_vec()).expect("UTF-8")
    }

    fn magic(&self) -> &[u8] {
        &self.0[..8]
    }
}

struct Game {
    bus: Bus,
    inbox: Inbox,
    publisher: Publisher,
    _folder: tempfile::TempDir,
}

fn game(policy: Policy) -> Game {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::builder("game").folder(folder.path()).lanes(200).open().expect("opens");
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
    inbox.subscribe(&topic("numbers", policy), Start::Now).expect("subscribed");
    let publisher = bus.publisher(&topic("numbers", policy), "writer", &[(Priority::High, 4096)]).expect("made");
    Game { bus, inbox, publisher, _folder: folder }
}

fn send(game: &mut Game, value: u64) {
    game.publisher.send(Priority::High, &value.to_le_bytes()).expect("room");
}

/// Takes all waiting messages; returns their number.
fn take(inbox: &mut Inbox) -> u64 {
    std::iter::from_fn(|| inbox.receive().expect("mapped").map(|_| ())).count() as u64
}

/// The number of this process's namespace of a kind; 1 if the kernel has only one.
#[cfg(target_os = "linux")]
fn namespace(kind: &str) -> u64 {
    use std::os::unix::fs::MetadataExt;
    std::fs::metadata(format!("/proc/self/ns/{kind}")).map_or(1, |file| file.ino())
}

#[cfg(not(target_os = "linux"))]
fn namespace(_: &str) -> u64 {
    0
}

#[cfg(unix)]
fn inode(bus: &Bus, name: &str) -> u64 {
    std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(bus.path().join(name)).expect("there"))
}

#[cfg(unix)]
#[test]
fn a_participants_lock_says_which_file_it_is_and_whose() {
    let game = game(Policy::Reject);
    let second = game.bus.attach_again().expect("attaches");
    for (slot, bus) in [&game.bus, &second].into_iter().enumerate() {
        let name = format!("p{slot}.lock");
        let lock = std::fs::read(bus.path().join(&name)).expect("readable");
        let words = [inode(bus, &name), inode(bus, "control"), slot as u64, bus.id()];
        assert_eq!(lock, words.map(u64::to_le_bytes).concat());
    }
}

#[test]
fn who_leaves_says_so() {
    let game = game(Policy::Reject);
    let second = game.bus.attach_again().expect("attaches");
    let id = second.id();
    drop(second);
    assert_eq!(File::read(&game.bus, "control").words(1024), [0, id]);
}

#[test]
fn control_lies_as_specified() {
    let game = game(Policy::Block { timeout_ms: 77 });
    let control = File::read(&game.bus, "control");
    assert_eq!((control.0.len(), control.magic()), (245_760, &b"HFCTRL\0\0"[..]));
    let process = u64::from(std::process::id()) | namespace("pid") << 32;
    assert_eq!(control.words(8), [1 << 32 | 1, 1, 0, 245_760, process]);
    let [program, release] = [control.text(64, 64), control.text(128, 32)];
    assert_eq!(control.word(48), program.len() as u64 | (release.len() as u64) << 16);
    assert_eq!((release.as_str(), control.word(56)), (env!("CARGO_PKG_VERSION"), 0));
    assert!(control.word(256) > 0 && control.word(320) > 1, "epoch and next id");
    assert_eq!(control.word(328), 0, "nobody holds `bus.lock`");
    assert_eq!(control.words(384), [64, 128, 200, 64, u64::MAX]);
    assert_eq!(control.words(448), [0; 6], "nothing is given up");

    let [participant, participants_process, name_len] = control.words(4096);
    assert_eq!((participants_process, name_len), (process, program.len() as u64));
    assert_eq!((control.text(4096 + 24, 64), control.words(4096 + 88)), (program, [1 << 32 | 1, 1]));
    #[cfg(unix)]
    assert_eq!(control.words(512), [inode(&game.bus, "control")], "it is no copy");
    assert_eq!(control.words(1024), [0], "nobody has left");
    assert_eq!(control.words(1536), [namespace("time")]);
    assert!(control.word(4096 + 104) > 1_600_000_000_000, "milliseconds since 1970");

    let schema_len = SCHEMA.len() as u64;
    let lengths = 7 | 11 << 16 | schema_len << 32 | 1 << 48;
    assert_eq!(control.words(12288 + 8), [schema_hash(SCHEMA), 8 | 77 << 32, lengths]);
    let texts = [(32, 96), (128, 128), (256, 1024)].map(|(at, field)| control.text(12288 + at, field));
    assert_eq!(texts, ["numbers", "test.Number", SCHEMA]);

    let (lane, _) = File::sole(&game.bus, "lane-");
    assert_eq!(control.words(176_128), [lane << 8 | 1, 1 << 32, 4096, 6]);
    assert_eq!(control.text(176_128 + 32, 64), "writer");
    let (inbox, _) = File::sole(&game.bus, "inbox-");
    assert_eq!(control.words(208_896), [inbox, 0, 1, 0, 6]);
    assert_eq!(control.text(208_896 + 40, 64), "reader");
    assert!(BTreeSet::from([0, participant, lane, inbox]).len() == 4, "ids differ");
}

#[test]
fn an_ended_lane_leaves_its_messages_in_its_topics_account() {
    let game = game(Policy::DropOldest);
    let mut observer = game.bus.inbox("observer", Attachment::Observer).expect("made");
    observer.subscribe_all(Start::Now).expect("subscribed");
    let control = File::read(&game.bus, "control");
    let numbers = control.word(12288);
    assert_eq!(control.words(237_568 + 8), [numbers, 0, 0, 0, 0, 0, 0], "account, ended, ended when declared");
    assert_eq!(control.word(208_896 + 128 + 8), 1 << 32 | 1 << 34, "an observer of everything");
    let come_and_go = |topic: &TopicSpec<'_>, count: u64| {
        let mut publisher = game.bus.publisher(topic, "brief", &[(Priority::High, 4096)]).expect("made");
        (0..count).for_each(|_| publisher.send(Priority::High, &[0; 8]).expect("never refused"));
    };
    come_and_go(&topic("brief", Policy::DropOldest), 5);
    let [first, account, ended] =
        [12288 + 1280, 237_568 + 64 + 8, 237_568 + 64 + 16].map(|at| File::read(&game.bus, "control").word(at));
    assert_eq!((account, ended), (first, 5));
    come_and_go(&topic("brief", Policy::Latest), 2);
    let control = File::read(&game.bus, "control");
    assert!(control.word(12288 + 1280) > first, "declared again");
    assert_eq!(control.words(237_568 + 64 + 8), [first, 7, 5]);
    assert_eq!(control.words(576), [0, 7, 0], "no step, the last one's total, nothing forgotten");
}

#[test]
fn policies_have_their_numbers() {
    let block = Policy::Block { timeout_ms: 1 };
    let policies =
        [Policy::Reject, block, Policy::DropNewest, Policy::DropOldest, Policy::Latest, Policy::EvictLaggard];
    for (number, policy) in policies.into_iter().enumerate() {
        let control = File::read(&game(policy).bus, "control");
        assert_eq!(control.word(12288 + 24) >> 48 & 0xff, number as u64, "{policy:?}");
    }
}

#[test]
fn a_lane_lies_as_specified() {
    let mut game = game(Policy::Reject);
    send(&mut game, 0x11);
    send(&mut game, 0x22);
    let (id, lane) = File::sole(&game.bus, "lane-");
    assert_eq!((lane.0.len(), lane.magic(), lane.words(8)), (4096 + 4096, &b"HFLANE\0\x01"[..], [id, 4096]));
    assert_eq!((lane.word(64), lane.words(128)), (0, [128, 2, 0]), "oldest; head, sent, latest");
    let participant = File::read(&game.bus, "control").word(4096);
    let header = |sequence: u64| [40 | sequence << 32, 1 | 1 << 8 | 1 << 16, participant, 0];
    assert_eq!((lane.words(4096), lane.word(4096 + 32)), (header(0), 0x11));
    assert_eq!((lane.words(4096 + 64), lane.word(4096 + 96)), (header(1), 0x22));
    assert_eq!(lane.word(4096 + 128), 0, "nothing is here yet");

    let mut sent = 2;
    while game.publisher.send(Priority::High, &[0; 8]).is_ok() {
        sent += 1;
    }
    let too_long = [0; 1000];
    game.publisher.send(Priority::High, &too_long).expect_err("longer than a quarter of the ring");
    let (_, lane) = File::sole(&game.bus, "lane-");
    assert_eq!((lane.word(136), lane.words(192)), (sent, [2, 0, 0, 0, 0, 0, sent * 64]), "tallies");
}

#[test]
fn a_pad_fills_the_ring_and_latest_leads_to_the_newest() {
    let mut game = game(Policy::Latest);
    let payload = [7; 900];
    for _ in 0..5 {
        game.publisher.send(Priority::High, &payload).expect("room");
    }
    let (_, lane) = File::sole(&game.bus, "lane-");
    // Four records of 960 bytes leave 256 at the end of the ring.
    assert_eq!(lane.words(128), [4096 + 960, 5, 4096], "head, sent, latest");
    let [pad, what] = lane.words(4096 + 3840);
    assert_eq!((pad, what & 0xffff_ffff), (256 | 4 << 32, 1 | 2 << 8 | 1 << 16));
    let oldest = lane.word(64);
    assert!((960..=3840).contains(&oldest) && oldest.is_multiple_of(960), "a record's start: {oldest}");
    assert_eq!(lane.word(4096 + 960), 0, "the word behind the newest");
}

#[test]
fn an_inbox_lies_as_specified() {
    let mut game = game(Policy::Reject);
    send(&mut game, 1);
    send(&mut game, 2);
    assert_eq!(take(&mut game.inbox), 2);
    let (lane, _) = File::sole(&game.bus, "lane-");
    let (id, inbox) = File::sole(&game.bus, "inbox-");
    assert_eq!((inbox.0.len(), inbox.magic(), inbox.word(8)), (20480, &b"HFINBX\0\x01"[..], id));
    assert_eq!(inbox.words(4096), [lane << 48 | 4, 2, 0, 0], "cursor at 4 · 32, received, lost, conflated");
    // On a busy machine the timeout may pass before the thread sleeps.
    let mut sleeps = 0;
    while sleeps == 0 {
        assert!(!game.inbox.wait_timeout(Duration::from_millis(1)).expect("can wait"));
        sleeps = game.bus.snapshot().inboxes[0].sleeps;
    }
    game.inbox.unsubscribe("numbers").expect("left");
    let (_, inbox) = File::sole(&game.bus, "inbox-");
    assert_eq!(inbox.words(64), [2, 0, 0, 0, 0, 0, sleeps, 0], "the lane's counts, and the sleeps");
    assert_eq!(inbox.words(4096), [lane << 48 | ((1 << 48) - 1), 0, 0, 0], "wants nothing more");
}

#[test]
fn what_clients_and_servers_count_has_its_places() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut server = bus.server("echo").expect("made");
    let served = File::sole(&bus, "inbox-").0;
    let mut client = bus.client("echo").expect("made");
    let mut send = || client.send(1, &[], Duration::MAX).expect("room");
    let [answered, refused, cancelled, _in_flight] = [send(), send(), send(), send()];
    client.cancel(cancelled);
    server.next().expect("mapped").expect("a request").reply(&[]).expect("room");
    let request = server.next().expect("mapped").expect("a request");
    request.refuse(shm_bus::wire::Status::NoSuchMethod, "").expect("room");
    assert!(client.poll(answered).expect("answered").is_some());
    client.poll(refused).expect_err("refused");
    drop(server.next().expect("mapped").expect("a request").defer());

    let names = fs::read_dir(bus.path()).expect("listed").map(|entry| entry.expect("listed").file_name());
    let asks = names.filter_map(|name| name.into_string().ok()?.strip_prefix("inbox-")?.parse::<u64>().ok()).max();
    let client = File::read(&bus, &format!("inbox-{}", asks.expect("two")));
    let server = File::read(&bus, &format!("inbox-{served}"));
    let none = [0; 9];
    assert_eq!(client.words(128), [4, 2, 0, 1, 0, 0, 0, 1], "sent, answered, cancelled, refused");
    assert_eq!((client.words(192), server.words(128)), (none, [0; 8]));
    assert_eq!(server.words(192), [3, 3, 0, 1, 0, 0, 0, 0, 0], "served, answered, cancelled");
}

#[test]
fn lost_conflated_and_evicted_have_their_places() {
    for (policy, line) in [(Policy::DropOldest, 16), (Policy::Latest, 24)] {
        let mut game = game(policy);
        (0..1000).for_each(|value| send(&mut game, value));
        let received = take(&mut game.inbox);
        let (_, inbox) = File::sole(&game.bus, "inbox-");
        assert_eq!(inbox.word(4096 + 8), received, "{policy:?}");
        assert_eq!(inbox.word(4096 + line), 1000 - received, "{policy:?}");
    }
    let mut game = game(Policy::EvictLaggard);
    (0..1000).for_each(|value| send(&mut game, value));
    while game.inbox.receive().is_ok() {}
    let (_, inbox) = File::sole(&game.bus, "inbox-");
    assert_eq!(inbox.words(88), [0, 1], "corrupt, evicted");
}

#[test]
fn who_sleeps_is_in_the_attention_of_its_topics() {
    let mut game = game(Policy::Reject);
    let interest = |bus: &Bus| File::read(bus, "control").word(237_568);
    take(&mut game.inbox);
    assert_eq!(interest(&game.bus), 0, "an inbox that only polls costs publishers nothing");
    assert!(!game.inbox.wait_timeout(Duration::from_millis(1)).expect("can wait"));
    assert_eq!(interest(&game.bus), 1);
    assert_eq!(File::read(&game.bus, "control").word(217_088) & 1, 0, "awake");
    assert!(!game.inbox.arm().expect("can wait"));
    assert_eq!(File::read(&game.bus, "control").word(217_088) & 1, 1, "waiting");
    send(&mut game, 1);
    assert_eq!(File::read(&game.bus, "control").word(217_088) & 1, 0, "rung");
    let (_, lane) = File::sole(&game.bus, "lane-");
    assert_eq!(lane.word(232), 1, "woken once");
    game.inbox.unsubscribe("numbers").expect("left");
    assert_eq!(interest(&game.bus), 0);
}

#[test]
fn many_lanes_have_ready_bits() {
    let mut game = game(Policy::Reject);
    let topic = topic("numbers", Policy::Reject);
    let make = |_| game.bus.publisher(&topic, "more", &[(Priority::High, 4096)]).expect("made");
    let mut more: Vec<Publisher> = (0..8).map(make).collect();
    take(&mut game.inbox);
    let kept = |bus: &Bus| File::read(bus, "control").word(217_088 + 40);
    assert_eq!(kept(&game.bus), 1, "nine lanes");
    take(&mut game.inbox);
    assert_eq!(File::read(&game.bus, "control").words(217_088 + 8), [0; 4], "all dry");
    more[4].send(Priority::High, &[0; 8]).expect("room");
    assert_eq!(File::read(&game.bus, "control").words(217_088 + 8), [1 << 5, 0, 0, 0]);
    more.truncate(7);
    take(&mut game.inbox);
    assert_eq!(kept(&game.bus), 0, "eight lanes");
}

/// Labels that an `ORDERING:` comment in the sources begins with.
fn labels_in(folder: &Path, labels: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("listed").map(|entry| entry.expect("listed").path()) {
        if entry.is_dir() {
            labels_in(&entry, labels);
            continue;
        }
        let text = fs::read_to_string(&entry).expect("text");
        let found = text.split("ORDERING: ").skip(1).filter_map(|rest| rest.strip_prefix('[')?.split(']').next());
        labels.extend(found.map(|label| format!("`[{label}]`")));
    }
}

#[test]
fn every_label_of_an_ordering_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut labels = BTreeSet::new();
    labels_in(&root.join("src"), &mut labels);
    assert!(labels.len() > 10, "{labels:?}");
    let protocol = fs::read_to_string(root.join("PROTOCOL.md")).expect("text");
    let missing: Vec<_> = labels.iter().filter(|label| !protocol.contains(label.as_str())).collect();
    assert!(missing.is_empty(), "PROTOCOL.md does not explain {missing:?}");
}

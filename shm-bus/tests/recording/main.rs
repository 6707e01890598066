//! A recorder's file is read back, wherever it ends.

#![cfg(feature = "record")]

mod copies;
mod damage;
mod encodings;
mod files;

use std::fs;
use std::path::Path;
use std::time::{Duration, SystemTime};

use shm_bus::record::{Recorder, Recording};
use shm_bus::wire::{Policy, Priority, RequestPrefix, Status, schema_hash};
use shm_bus::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec};
use tempfile::TempDir;

const SCHEMA: &str = "test.Hit@1 12/4 {at:V{x:f32@0,y:f32@4}@4,id:u32@0}";
const HITS: TopicSpec<'_> = TopicSpec {
    name: "test/hits",
    type_name: "test.Hit",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 12,
    policy: Policy::Reject,
};

struct Rig {
    folder: TempDir,
    bus: Bus,
    publisher: Publisher,
    inbox: Inbox,
}

fn rig() -> Rig {
    let folder = TempDir::new().expect("a folder");
    let bus = Bus::open_in(folder.path().join("bus"), "game").expect("opens");
    let lanes = [(Priority::High, 4096), (Priority::Low, 4096)];
    let publisher = bus.publisher(&HITS, "physics", &lanes).expect("made");
    let mut inbox = bus.inbox("recorder", Attachment::Observer).expect("made");
    inbox.subscribe_untyped(HITS.name, Start::Earliest).expect("there");
    Rig { folder, bus, publisher, inbox }
}

fn hit(number: u32) -> Vec<u8> {
    [number.to_le_bytes(), f32::NAN.to_le_bytes(), 2.5_f32.to_le_bytes()].concat()
}

/// Records all waiting messages, a millisecond apart.
fn record(rig: &mut Rig, recorder: &mut Recorder, time: &mut SystemTime) {
    for topic in &rig.bus.snapshot().topics {
        recorder.declare(topic);
    }
    while let Some(delivery) = rig.inbox.receive().expect("mapped") {
        recorder.write(&delivery, *time).expect("room on the disk");
        *time += Duration::from_millis(1);
    }
}

type Flat = (Priority, Duration, u64, u64, Vec<u8>);

fn read(path: &Path) -> (Recording, Vec<Flat>) {
    let recording = Recording::open(path).expect("readable");
    let mut messages = Vec::new();
    let mut reader = recording.messages().expect("readable");
    while let Some(message) = reader.read_next().expect("readable") {
        let priority = recording.channels[message.channel].priority;
        messages.push((priority, message.time, message.sequence, message.lost, message.payload.to_vec()));
    }
    (recording, messages)
}

#[test]
fn a_recording_holds_messages_times_priorities_and_losses() {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    let mut time = SystemTime::UNIX_EPOCH + Duration::from_secs(7);
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    rig.publisher.send(Priority::Low, &[hit(1), hit(2)].concat()).expect("room");
    record(&mut rig, &mut recorder, &mut time);
    // Far more than the ring holds: nobody waits for an observer.
    for number in 0..200 {
        rig.publisher.send(Priority::High, &hit(number)).expect("room");
    }
    record(&mut rig, &mut recorder, &mut time);
    let counts = recorder.finish().expect("room on the disk").counts;
    assert_eq!((&counts[0].topic[..], counts.len()), ("test/hits", 1));
    assert_eq!(counts[0].messages + counts[0].lost, 202);
    assert!(counts[0].lost > 0);

    let (recording, messages) = read(&file);
    assert_eq!((&recording.bus[..], recording.cut_off, recording.foreign), ("game", false, 0));
    assert_eq!(messages[0], (Priority::High, Duration::ZERO, 0, 0, hit(0)));
    assert_eq!(messages[1], (Priority::Low, Duration::from_millis(1), 0, 0, [hit(1), hit(2)].concat()));
    assert_eq!(messages[2].3, counts[0].lost, "the gap is told by the message after it");
    assert_eq!(messages.last().expect("many").2, 200);
    let [high, low] = &recording.channels[..] else { panic!("{recording:#?}") };
    assert_eq!((&high.topic[..], &high.publisher[..], high.lost), ("test/hits", "physics", counts[0].lost));
    assert_eq!((&high.schema[..], high.schema_hash, high.message_size), (SCHEMA, schema_hash(SCHEMA), 12));
    assert_eq!((low.messages, low.longest, low.is_message), (1, 24, true));
    assert_eq!(recording.duration, Duration::from_millis(messages.len() as u64 - 1));
}

#[test]
fn cut_off_anywhere_it_is_read_to_its_last_whole_message() {
    let mut rig = rig();
    let file = rig.folder.path().join("game.mcap");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    let mut time = SystemTime::UNIX_EPOCH;
    let mut lengths = Vec::new();
    for number in 0..5 {
        for _ in 0..3 {
            rig.publisher.send(Priority::High, &hit(number)).expect("room");
        }
        record(&mut rig, &mut recorder, &mut time);
        recorder.flush().expect("room on the disk");
        lengths.push(fs::metadata(&file).expect("there").len());
    }
    recorder.finish().expect("room on the disk");
    let whole = fs::read(&file).expect("there");
    let (_, all) = read(&file);
    let cut = rig.folder.path().join("cut.mcap");
    let (mut most, mut unchecked) = (0, 0);
    for len in 8..whole.len() {
        fs::write(&cut, &whole[..len]).expect("written");
        let (recording, messages) = read(&cut);
        assert!(recording.cut_off || messages.len() == all.len(), "{len} of {}", whole.len());
        assert_eq!(messages, all[..messages.len()]);
        let flushed = lengths.iter().filter(|flushed| **flushed <= len as u64).count();
        assert!(messages.len() >= 3 * flushed, "{} messages in {len} bytes", messages.len());
        let behind = messages.len() - 3 * flushed;
        assert!(recording.unchecked as usize <= behind, "{} of {behind} in {len} bytes", recording.unchecked);
        unchecked = unchecked.max(recording.unchecked);
        most = most.max(messages.len());
    }
    assert_eq!((most, unchecked), (all.len(), 2), "messages of a truncated chunk are counted apart");
}

#[test]
fn the_file_alone_says_what_was_missed_of_lanes_that_came_and_went() {
    let mut rig = rig();
    let file = rig.folder.path().join("missed.mcap");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    rig.publisher.send(Priority::High, &hit(0)).expect("room");
    record(&mut rig, &mut recorder, &mut SystemTime::UNIX_EPOCH.clone());
    let mut passing = rig.bus.publisher(&HITS, "passing", &[(Priority::High, 4096)]).expect("made");
    (0..5).for_each(|number| passing.send(Priority::High, &hit(number)).expect("nobody is waited for"));
    drop(passing);
    assert_eq!(rig.inbox.drain(|_| {}).expect("mapped"), 0);
    rig.inbox.take_missed().iter().for_each(|missed| recorder.miss(missed));
    let counts = recorder.finish().expect("room on the disk").counts;
    assert_eq!((counts.len(), counts[0].messages, counts[0].lost), (1, 1, 5));
    assert_eq!(losses(&file), [("test/hits".to_owned(), "5".to_owned())]);
}

/// The losses that the file's summary lists.
fn losses(file: &Path) -> Vec<(String, String)> {
    let bytes = fs::read(file).expect("there");
    let records = mcap::read::LinearReader::new(&bytes).expect("a recording");
    let losses = records.filter_map(|record| match record.expect("whole") {
        mcap::records::Record::Metadata(metadata) if metadata.name == "hotframe.losses" => Some(metadata.metadata),
        _ => None,
    });
    losses.flatten().collect()
}

#[test]
fn requests_and_responses_are_recorded_with_their_headers() {
    let rig = rig();
    let file = rig.folder.path().join("asked.mcap");
    let mut server = rig.bus.server("stock").expect("made");
    let mut client = rig.bus.client("stock").expect("made");
    let mut inbox = rig.bus.inbox("recorder", Attachment::Observer).expect("made");
    let mut recorder = Recorder::create(&file, "game", false).expect("made");
    for topic in rig.bus.snapshot().topics.iter().filter(|topic| topic.name != HITS.name) {
        recorder.declare(topic);
        inbox.subscribe_untyped(&topic.name, Start::Earliest).expect("there");
    }
    let ticket = client.send(7, b"how many", Duration::MAX).expect("sent");
    server.next().expect("mapped").expect("asked").answer(Status::Application, b"none").expect("answered");
    let mut headers = Vec::new();
    while let Some(delivery) = inbox.receive().expect("mapped") {
        headers.push([delivery.sender.to_le_bytes(), delivery.correlation.to_le_bytes()].concat());
        recorder.write(&delivery, SystemTime::UNIX_EPOCH).expect("room on the disk");
    }
    drop(client.finish(ticket));
    recorder.finish().expect("room on the disk");
    let (recording, messages) = read(&file);
    assert!(recording.channels.iter().all(|channel| !channel.is_message), "{recording:#?}");
    let [(.., asked), (.., answered)] = &messages[..] else { panic!("{messages:?}") };
    let prefix = RequestPrefix::decode(&asked[16..40]).expect("a prefix").0;
    assert_eq!((&asked[..16], prefix.method, prefix.deadline_ns), (&headers[0][..], 7, u64::MAX));
    assert_eq!(asked[40..], [&8_u32.to_le_bytes()[..], b"how many"].concat());
    assert_eq!(answered[..], [&headers[1][..], &[Status::Application as u8], &4_u32.to_le_bytes(), b"none"].concat());
    let bytes = fs::read(&file).expect("there");
    for told in ["hotframe/Request", "uint32 method\n", "hotframe/Response", "uint8 status\n", "ros1msg"] {
        assert!(bytes.windows(told.len()).any(|found| found == told.as_bytes()), "no {told:?}");
    }
}

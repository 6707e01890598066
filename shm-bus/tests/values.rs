//! A `bool` or an enum in a message is always a value, whatever another process writes.

use std::time::Duration;

use shm_bus::wire::{Priority, message_bytes};
use shm_bus::{
    AsBytes, Attachment, Bus, CallError, Inbox, Message, Plain, QueueLane, QueueSpec, Start, TopicSpec, service, topic,
};

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(u16)]
enum Color {
    Red = 1,
    Green = 2,
}

#[derive(Clone, Copy, Debug, PartialEq, Plain)]
#[repr(C)]
struct Lamp {
    color: Color,
    on: [bool; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
struct Board {
    number: u32,
    lamp: Lamp,
}

topic! { Boards("test/boards"): Board, priority = Normal, capacity = 4096; }

service! {
    /// Test.
    Panel("panel") {
        Switch("switch"): AsBytes<Board> => AsBytes<Board>;
    }
}

const BOARD: Board = Board { number: 7, lamp: Lamp { color: Color::Green, on: [true, false] } };
const GOOD: [u8; 8] = [7, 0, 0, 0, 2, 0, 1, 0];
/// `GOOD` with one wrong number each.
const BAD: [[u8; 8]; 3] = [[7, 0, 0, 0, 3, 0, 1, 0], [7, 0, 0, 0, 2, 1, 1, 0], [7, 0, 0, 0, 2, 0, 1, 2]];
const NORMAL: &[(Priority, u32)] = &[(Priority::Normal, 4096)];

fn bus() -> (tempfile::TempDir, Bus) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    (folder, bus)
}

fn reader(bus: &Bus) -> Inbox {
    let mut inbox = bus.inbox("reader", Attachment::Gating).expect("room");
    inbox.subscribe(&TopicSpec::of::<Boards>(), Start::Now).expect("declared only once");
    inbox
}

#[test]
fn a_record_with_a_bad_value_holds_no_messages() {
    let (_folder, bus) = bus();
    let mut inbox = reader(&bus);
    let mut publisher = bus.publisher(&TopicSpec::of::<Boards>(), "stranger", NORMAL).expect("anybody may publish");
    let together = [GOOD, BAD[0], GOOD].concat();
    for payload in BAD.iter().map(|bad| &bad[..]).chain([&together[..], &GOOD, &GOOD.repeat(2)]) {
        publisher.send(Priority::Normal, payload).expect("room");
    }
    let mut read = Vec::new();
    inbox.drain(|delivery| read.push(delivery.messages::<Board>().map(<[Board]>::to_vec))).expect("mapped");
    assert_eq!(read, [None, None, None, None, Some(vec![BOARD]), Some(vec![BOARD; 2])]);
    assert_eq!(message_bytes(&[BOARD]), GOOD);
}

#[test]
fn a_job_with_a_bad_value_holds_no_messages() {
    let (_folder, bus) = bus();
    let spec = QueueSpec::of::<Boards>();
    let lanes = [QueueLane { priority: Priority::Normal, capacity: 4096, outstanding: 16 }];
    let mut producer = bus.work_producer(&spec, "stranger", &lanes).expect("room");
    let mut worker = bus.worker(&spec, "worker").expect("room");
    for payload in [BAD[1], GOOD] {
        producer.send(Priority::Normal, &payload).expect("room");
    }
    for expected in [None, Some(&[BOARD][..])] {
        let job = worker.take().expect("mapped").expect("a job");
        assert_eq!(job.messages::<Board>(), expected);
        job.done().expect("mine");
    }
}

#[test]
fn a_request_with_a_bad_value_is_malformed() {
    let (_folder, bus) = bus();
    let mut server = bus.server_of::<Panel>().expect("made");
    let mut client = bus.client_of::<Panel>().expect("made");
    let method = shm_bus::wire::method_id("switch");
    let bad = client.untyped().send(method, &BAD[2], Duration::from_secs(60)).expect("room");
    let good = client.send::<Switch>(&BOARD, Duration::from_secs(60)).expect("room");
    let served = server.serve(|request| request.dispatch().on::<Switch>(Ok).done().expect("room")).expect("mapped");
    assert_eq!(served, 2);
    let error = client.untyped().finish(bad).map(|_| ()).expect_err("malformed");
    assert!(matches!(error, CallError::Refused { .. }), "{error}");
    assert!(error.to_string().contains("malformed request") && error.to_string().contains("no value"), "{error}");
    assert_eq!(client.finish::<Switch>(good).expect("answered"), BOARD);
    assert_eq!((client.counts().answered, client.counts().refused), (2, 1));
}

/// As glam's quaternions are.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C, align(16))]
struct Wide {
    parts: [f32; 4],
}

topic! { Wides("test/wide"): Wide, priority = Normal, capacity = 4096; }

service! {
    /// Test.
    Turner("turner") {
        Turn("turn"): AsBytes<Wide> => AsBytes<Wide>;
    }
}

const WIDE: Wide = Wide { parts: [0.0, 1.0, 2.0, 3.0] };

#[test]
fn messages_aligned_to_16_bytes_are_borrowed_wherever_they_arrive() {
    let (_folder, bus) = bus();
    // Many buffers: an allocator may align some of them by chance.
    for number in 0..10 {
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("room");
        inbox.subscribe(&TopicSpec::of::<Wides>(), Start::Now).expect("declared only once");
        let mut publisher = bus.publisher_of::<Wides>(&format!("publisher {number}")).expect("room");
        publisher.send_all(&[WIDE; 3]).expect("room");
        let delivery = inbox.receive().expect("mapped").expect("sent");
        assert_eq!(delivery.messages::<Wide>(), Some(&[WIDE; 3][..]));
    }
    let mut server = bus.server_of::<Turner>().expect("made");
    let mut client = bus.client_of::<Turner>().expect("made");
    let ticket = client.send::<Turn>(&WIDE, Duration::from_secs(60)).expect("room");
    server.serve(|request| request.dispatch().on::<Turn>(Ok).done().expect("room")).expect("mapped");
    assert_eq!(client.finish::<Turn>(ticket).expect("answered"), WIDE);
}

#[cfg(unix)]
mod hostile {
    use std::fs::OpenOptions;
    use std::os::unix::fs::FileExt as _;
    use std::sync::atomic::{AtomicBool, Ordering};

    use super::*;

    #[test]
    fn a_writer_that_changes_a_record_while_it_is_read_makes_no_bad_value() {
        const RECORDS: usize = 20_000;
        let (folder, bus) = bus();
        let mut inbox = reader(&bus);
        let mut publisher = bus.publisher(&TopicSpec::of::<Boards>(), "stranger", NORMAL).expect("room");
        publisher.send(Priority::Normal, &GOOD).expect("room");
        let files = std::fs::read_dir(folder.path().join("game")).expect("the bus's folder");
        let lane = files.map(|file| file.expect("listed").path()).find(|path| path.to_string_lossy().contains("lane-"));
        let lane = OpenOptions::new().write(true).open(lane.expect("a lane")).expect("ours");
        let is_done = AtomicBool::new(false);
        let (mut good, mut bad) = (0, 0);
        std::thread::scope(|scope| {
            scope.spawn(|| {
                // The last four bytes of each payload in the ring: records of 64 bytes, whose payload begins after 32.
                for (round, record) in (0_u8..8).cycle().zip((0..4096 / 64).cycle()) {
                    if is_done.load(Ordering::Relaxed) {
                        return;
                    }
                    lane.write_all_at(&[round, 0, round % 3, 1], 4096 + record * 64 + 36).expect("ours");
                }
            });
            for _ in 0..RECORDS {
                publisher.send(Priority::Normal, &GOOD).expect("room");
                inbox
                    .drain(|delivery| match delivery.messages::<Board>() {
                        Some(messages) => {
                            for message in messages {
                                assert!(matches!(message.lamp.color, Color::Red | Color::Green));
                                assert!(message_bytes(messages)[6] < 2 && message_bytes(messages)[4] < 3);
                            }
                            good += 1;
                        }
                        None => bad += 1,
                    })
                    .expect("mapped");
            }
            is_done.store(true, Ordering::Relaxed);
        });
        assert_eq!(good + bad, RECORDS + 1);
    }
}

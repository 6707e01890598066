//! Costs within one thread: a message through a lane, and the header's code.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use shm_bus::wire::{Header, Kind, Policy, Priority, schema_hash};
use shm_bus::{Attachment, Bus, Start, TopicSpec};

const SCHEMA: &str = "bench.Block@1 64/8 {words:[u64;8]@0}";
const BLOCKS: TopicSpec<'_> = TopicSpec {
    name: "bench/blocks",
    type_name: "bench.Block",
    schema: SCHEMA,
    schema_hash: schema_hash(SCHEMA),
    message_size: 64,
    policy: Policy::Reject,
};

fn lane(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "bench").expect("opens");
    let mut publisher = bus.publisher(&BLOCKS, "bench", &[(Priority::Normal, 1 << 14)]).expect("made");
    let mut inbox = bus.inbox("bench", Attachment::Gating).expect("made");
    inbox.subscribe(&BLOCKS, Start::Now).expect("subscribed");
    let block = [7_u8; 64];

    criterion.bench_function("send+receive 64 B", |bench| {
        bench.iter(|| {
            publisher.send(Priority::Normal, black_box(&block)).expect("room");
            let delivery = inbox.receive().expect("mapped").expect("a message");
            assert_eq!(black_box(delivery.payload).len(), 64);
        });
    });
    criterion.bench_function("send 64 x 64 B, drain", |bench| {
        bench.iter(|| {
            for _ in 0..64 {
                publisher.send(Priority::Normal, black_box(&block)).expect("room");
            }
            let taken = inbox.drain(|delivery| assert_eq!(black_box(delivery.payload).len(), 64)).expect("mapped");
            assert_eq!(taken, 64);
        });
    });
    criterion.bench_function("receive nothing", |bench| {
        bench.iter(|| assert!(inbox.receive().expect("mapped").is_none()));
    });
}

fn header(criterion: &mut Criterion) {
    let header = Header {
        length: 96,
        sequence: 1,
        kind: Kind::Message,
        priority: Priority::High,
        flags: 0,
        topic: 3,
        sender: 4,
        correlation: 0,
    };
    let bytes = header.encode();
    criterion.bench_function("header encode", |bench| bench.iter(|| black_box(&header).encode()));
    criterion.bench_function("header decode", |bench| {
        bench.iter(|| Header::decode(black_box(&bytes)).expect("a header"));
    });
}

criterion_group!(benches, lane, header);
criterion_main!(benches);

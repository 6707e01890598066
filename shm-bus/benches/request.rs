//! Costs within one thread: a request and its answer through two lanes, and MessagePack.

use std::hint::black_box;
use std::time::Duration;

use criterion::{Criterion, criterion_group, criterion_main};
use serde::{Deserialize, Serialize};
use shm_bus::{Bus, Request, pack};

#[derive(Serialize, Deserialize)]
struct Block<'a> {
    service: &'a str,
    method: &'a str,
    #[serde(with = "shm_bus::pack::bytes", borrow)]
    bytes: &'a [u8],
}

fn call(criterion: &mut Criterion) {
    let folder = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).expect("a temporary folder");
    let bus = Bus::open_in(folder.path(), "bench").expect("opens");
    let mut server = bus.server("bench").expect("made");
    let mut client = bus.client("bench").expect("made");
    let echo = |request: Request<'_>| {
        let payload = request.payload();
        request.reply(payload).expect("room");
    };
    for bytes in [64, 1024] {
        let payload = vec![7_u8; bytes];
        criterion.bench_function(&format!("request+response {bytes} B"), |bench| {
            bench.iter(|| {
                let ticket = client.send(1, black_box(&payload), Duration::from_secs(1)).expect("room");
                assert_eq!(server.serve(echo).expect("mapped"), 1);
                let response = client.poll(ticket).expect("in flight").expect("answered");
                assert_eq!(black_box(response.payload).len(), bytes);
            });
        });
    }
}

fn messagepack(criterion: &mut Criterion) {
    let bytes = [7_u8; 1024];
    let block = Block { service: "physics", method: "overlaps", bytes: &bytes };
    let mut buffer = Vec::new();
    criterion.bench_function("MessagePack encode 1 KiB", |bench| {
        bench.iter(|| {
            buffer.clear();
            pack::encode(black_box(&block), &mut buffer).expect("encoded");
        });
    });
    criterion.bench_function("MessagePack decode 1 KiB", |bench| {
        bench.iter(|| {
            let block: Block<'_> = pack::decode(black_box(&buffer)).expect("decoded");
            assert_eq!(black_box(block.bytes).len(), 1024);
        });
    });
}

criterion_group!(benches, call, messagepack);
criterion_main!(benches);

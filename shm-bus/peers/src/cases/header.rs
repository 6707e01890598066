//! A header to its 32 bytes, and back with all checks.

use std::hint::black_box;

use anyhow::Result;
use measure::{NEAR, Percentile, Round, pin, sample};
use memlink_protocol::MessageHeader;
use shm_bus::wire::{Header, Kind, Priority};

use super::{Case, Contender, Session};

const PER_SAMPLE: u64 = 1 << 12;

const ABSENT: &[(&str, &str)] = &[
    ("iceoryx2", "its header is no encoding that could be timed alone"),
    ("rtrb", "has no header"),
    ("crossbeam-channel", "has no header"),
    ("ipc-channel", "its header is private"),
    ("memlink-shm", "has no header"),
];

pub(super) fn cases() -> [Case; 2] {
    let case = |name, contenders| Case { name, unit: "ns", judged_by: Percentile::P50, contenders, absent: ABSENT };
    [
        case(
            "header_encode",
            vec![Contender::one_thread("hotframe", encode), Contender::one_thread("memlink-protocol", memlink_encode)],
        ),
        case(
            "header_decode",
            vec![Contender::one_thread("hotframe", decode), Contender::one_thread("memlink-protocol", memlink_decode)],
        ),
    ]
}

const HEADER: Header = Header {
    length: 96,
    sequence: 1,
    kind: Kind::Message,
    priority: Priority::High,
    flags: 0,
    topic: 3,
    sender: 4,
    correlation: 5,
};

fn memlink_header() -> MessageHeader {
    MessageHeader::request(5, 4, 3, 64)
}

fn encode(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            black_box(black_box(&HEADER).encode());
        }
        Ok(())
    })
}

fn memlink_encode(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let header = memlink_header();
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            black_box(black_box(&header).as_bytes());
        }
        Ok(())
    })
}

fn decode(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let bytes = HEADER.encode();
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            black_box(Header::decode(black_box(&bytes))?);
        }
        Ok(())
    })
}

fn memlink_decode(session: &Session<'_>) -> Result<Round> {
    pin(NEAR)?;
    let bytes = memlink_header().as_bytes();
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            black_box(MessageHeader::from_bytes(black_box(&bytes)).map_err(anyhow::Error::msg)?);
        }
        Ok(())
    })
}

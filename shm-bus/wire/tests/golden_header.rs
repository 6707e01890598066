//! Pins the header's bytes: `golden/header.bin` holds what `PROTOCOL.md` says, and may only change with the version.

use shm_bus_wire::{HEADER_BYTES, Header, HeaderError, Kind, Priority};

const GOLDEN: &[u8] = include_bytes!("golden/header.bin");

fn headers() -> [Header; 3] {
    let message = Header {
        length: 96,
        sequence: 0x0102_0304,
        kind: Kind::Message,
        priority: Priority::High,
        flags: 0,
        topic: 5,
        sender: 0x1122_3344_5566_7788,
        correlation: 0x99aa_bbcc_ddee_ff00,
    };
    let pad = Header { length: 32, kind: Kind::Pad, priority: Priority::Low, sequence: u32::MAX, ..message };
    let empty = Header { length: 32, priority: Priority::Critical, sender: 0, correlation: 0, ..message };
    [message, pad, empty]
}

#[test]
fn headers_are_written_as_the_golden_file_holds_them() {
    let written: Vec<u8> = headers().iter().flat_map(Header::encode).collect();
    assert_eq!(written, GOLDEN);
}

#[test]
fn golden_headers_are_read_back() {
    for (bytes, header) in GOLDEN.chunks_exact(HEADER_BYTES).zip(headers()) {
        assert_eq!(Header::decode(bytes.try_into().expect("32 bytes")), Ok(header));
    }
}

#[test]
fn a_wrong_field_is_named() {
    let good: [u8; HEADER_BYTES] = headers()[0].encode();
    let with = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        Header::decode(&bytes)
    };
    assert_eq!(with(0, 31), Err(HeaderError::Length(31)));
    assert_eq!(with(8, 2), Err(HeaderError::Version(2)));
    assert_eq!(with(9, 0), Err(HeaderError::Kind(0)));
    assert_eq!(with(10, 4), Err(HeaderError::Priority(4)));
    assert_eq!(with(11, 0x80), Err(HeaderError::Flags(0x80)));
    assert_eq!(with(10, 4).unwrap_err().to_string(), "header field `priority` is 4, above 3");
}

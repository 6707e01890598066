//! Pins a request's prefix: `golden/request.bin` holds what `PROTOCOL.md` says, and may only change with the version.

use shm_bus_wire::{REQUEST_PREFIX_BYTES, RequestPrefix, RequestPrefixError, Status, method_id};

const GOLDEN: &[u8] = include_bytes!("golden/request.bin");

fn prefixes() -> [RequestPrefix; 2] {
    [
        RequestPrefix { deadline_ns: 0x0102_0304_0506_0708, reply_to: 0x1112_1314_1516_1718, method: 0x2122_2324 },
        RequestPrefix { deadline_ns: u64::MAX, reply_to: 1, method: method_id("take") },
    ]
}

#[test]
fn prefixes_are_written_as_the_golden_file_holds_them() {
    let written: Vec<u8> = prefixes().iter().flat_map(RequestPrefix::encode).collect();
    assert_eq!(written, GOLDEN);
}

#[test]
fn golden_prefixes_are_read_back() {
    for (bytes, prefix) in GOLDEN.chunks_exact(REQUEST_PREFIX_BYTES).zip(prefixes()) {
        assert_eq!(RequestPrefix::decode(bytes), Ok((prefix, [].as_slice())));
    }
    let (_, rest) = RequestPrefix::decode(GOLDEN).expect("a prefix");
    assert_eq!(rest, &GOLDEN[REQUEST_PREFIX_BYTES..], "the method's own bytes");
}

#[test]
fn a_wrong_prefix_says_what_is_wrong() {
    let good = prefixes()[1].encode();
    assert_eq!(RequestPrefix::decode(&good[..23]), Err(RequestPrefixError::Short(23)));
    let with = |at: usize, byte: u8| {
        let mut bytes = good;
        bytes[at] = byte;
        RequestPrefix::decode(&bytes).map(|_| ())
    };
    assert_eq!(with(8, 0), Err(RequestPrefixError::ReplyTo));
    assert_eq!(with(23, 1), Err(RequestPrefixError::Reserved(0x0100_0000)));
    assert_eq!(with(0, 1), Ok(()));
}

#[test]
fn statuses_have_their_numbers() {
    let names = Status::ALL.map(|status| (status as u8, format!("{status:?}")));
    let expected =
        ["Ok", "Application", "NoSuchMethod", "DeadlineExceeded", "Cancelled", "Malformed", "Overloaded", "Failed"];
    for (number, name) in expected.iter().enumerate() {
        assert_eq!(names[number], (number as u8, (*name).to_owned()));
        assert_eq!(Status::from_wire(number as u8), Status::ALL[number]);
    }
    assert_eq!(Status::from_wire(8), Status::Failed, "of a later version");
}

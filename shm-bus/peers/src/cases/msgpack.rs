//! A request and a response with 1 KiB of bytes to MessagePack with its header, and back; the reading end sums the bytes.

use std::hint::black_box;

use anyhow::{Context, Error, Result, ensure};
use measure::{NEAR, Percentile, Round, pin, sample};
use memlink_protocol::{MSGPACK, Request, Response, Serializer, StatusCode};
use rmp_serde::Serializer as Pack;
use serde::{Deserialize, Serialize};
use shm_bus::wire::{HEADER_BYTES, Header, Kind, Priority};

use super::{Case, Contender, Session};
use crate::block::{Block, LARGE};

const PER_SAMPLE: u64 = 16;
const MODULE: &str = "physics";
const METHOD: &str = "overlaps";
const NO_PACK: &str = "knows bytes, no MessagePack";

const ABSENT: &[(&str, &str)] = &[
    ("iceoryx2", NO_PACK),
    ("rtrb", NO_PACK),
    ("crossbeam-channel", NO_PACK),
    ("ipc-channel", "encodes with a codec of its own"),
    ("memlink-shm", NO_PACK),
];

pub(super) fn cases() -> [Case; 2] {
    let case = |name, contenders| Case {
        name,
        unit: "ns, there and back",
        judged_by: Percentile::P50,
        contenders,
        absent: ABSENT,
    };
    [
        case(
            "msgpack_request_1KiB",
            vec![
                Contender::one_thread("hotframe", request),
                Contender::one_thread("memlink-protocol", memlink_request),
                Contender::one_thread("memlink-protocol_plain", memlink_plain_request),
            ],
        ),
        case(
            "msgpack_response_1KiB",
            vec![
                Contender::one_thread("hotframe", response),
                Contender::one_thread("memlink-protocol", memlink_response),
                Contender::one_thread("memlink-protocol_plain", memlink_plain_response),
            ],
        ),
    ]
}

/// The content of memlink's request besides its header.
#[derive(Serialize, Deserialize)]
struct OurRequest<'a> {
    module: &'a str,
    method: &'a str,
    #[serde(with = "serde_bytes", borrow)]
    args: &'a [u8],
    deadline_ns: Option<u64>,
}

#[derive(Serialize, Deserialize)]
struct OurResponse<'a> {
    status: u8,
    #[serde(with = "serde_bytes", borrow)]
    data: &'a [u8],
}

/// Writes header and body into `out`, which is reused.
fn pack(out: &mut Vec<u8>, kind: Kind, body: &impl Serialize, correlation: u64) -> Result<()> {
    out.clear();
    out.extend_from_slice(&[0; HEADER_BYTES]);
    body.serialize(&mut Pack::new(&mut *out).with_struct_map())?;
    let header = Header {
        length: out.len() as u32,
        sequence: 0,
        kind,
        priority: Priority::Normal,
        flags: 0,
        topic: 3,
        sender: 4,
        correlation,
    };
    out[..HEADER_BYTES].copy_from_slice(&header.encode());
    Ok(())
}

fn unpack<'a, T: Deserialize<'a>>(bytes: &'a [u8], correlation: u64) -> Result<T> {
    let (header, body) = bytes.split_first_chunk::<HEADER_BYTES>().context("shorter than a header")?;
    let header = Header::decode(header)?;
    ensure!(header.length as usize == bytes.len() && header.correlation == correlation, "another header: {header:?}");
    Ok(rmp_serde::from_slice(body)?)
}

/// Repeats `turn`, which encodes and decodes the block of a number and returns its sum.
fn measure(session: &Session<'_>, mut turn: impl FnMut(u64, &[u8]) -> Result<u64>) -> Result<Round> {
    pin(NEAR)?;
    let block = Block::<LARGE>::of(7 << 32);
    let mut number = 0;
    sample(session.budget, PER_SAMPLE, || {
        for _ in 0..PER_SAMPLE {
            ensure!(turn(number, black_box(&block).as_bytes())? == block.sum(), "the bytes changed on their way");
            number += 1;
        }
        Ok(())
    })
}

fn request(session: &Session<'_>) -> Result<Round> {
    let mut out = Vec::new();
    measure(session, |number, args| {
        pack(
            &mut out,
            Kind::Request,
            &OurRequest { module: MODULE, method: METHOD, args, deadline_ns: Some(number) },
            number,
        )?;
        let back: OurRequest<'_> = unpack(black_box(&out), number)?;
        ensure!(back.module == MODULE && back.method == METHOD && back.deadline_ns == Some(number), "another request");
        Block::<LARGE>::sum_of(back.args)
    })
}

fn response(session: &Session<'_>) -> Result<Round> {
    let mut out = Vec::new();
    measure(session, |number, data| {
        pack(&mut out, Kind::Response, &OurResponse { status: 0, data }, number)?;
        let back: OurResponse<'_> = unpack(black_box(&out), number)?;
        ensure!(back.status == 0, "another status");
        Block::<LARGE>::sum_of(back.data)
    })
}

/// Their messages own their bytes; the copy into a new one is part of sending it.
fn theirs(number: u64, args: &[u8]) -> Request {
    Request::new(number, memlink_protocol::Priority::Normal, MODULE, METHOD, args.to_vec())
        .with_deadline_ns(Some(number))
}

fn check(back: &Request, number: u64) -> Result<u64> {
    ensure!(
        back.request_id() == number && back.module_name() == MODULE && back.method_name() == METHOD,
        "another request"
    );
    Block::<LARGE>::sum_of(back.args())
}

fn memlink_request(session: &Session<'_>) -> Result<Round> {
    measure(session, |number, args| {
        let bytes = MSGPACK.serialize_request(&theirs(number, args)).map_err(Error::msg)?;
        let back = MSGPACK.deserialize_request(black_box(&bytes)).map_err(Error::msg)?;
        back.header.validate().map_err(Error::msg)?;
        check(&back, number)
    })
}

/// Their own encoding, which is not MessagePack.
fn memlink_plain_request(session: &Session<'_>) -> Result<Round> {
    measure(session, |number, args| {
        let request = theirs(number, args);
        let header = request.header.as_bytes();
        let bytes = request.into_bytes().map_err(Error::msg)?;
        let header = memlink_protocol::MessageHeader::from_bytes(black_box(&header)).map_err(Error::msg)?;
        check(&Request::from_bytes(black_box(&bytes), header).map_err(Error::msg)?, number)
    })
}

fn memlink_response(session: &Session<'_>) -> Result<Round> {
    measure(session, |number, data| {
        let response = Response::success(number, data.to_vec());
        let bytes = MSGPACK.serialize_response(&response).map_err(Error::msg)?;
        let back = MSGPACK.deserialize_response(black_box(&bytes)).map_err(Error::msg)?;
        back.header.validate().map_err(Error::msg)?;
        ensure!(back.request_id() == number && back.status() == StatusCode::Success, "another response");
        Block::<LARGE>::sum_of(back.data())
    })
}

fn memlink_plain_response(session: &Session<'_>) -> Result<Round> {
    measure(session, |number, data| {
        let response = Response::success(number, data.to_vec());
        let header = response.header.as_bytes();
        let bytes = response.into_bytes().map_err(Error::msg)?;
        let header = memlink_protocol::MessageHeader::from_bytes(black_box(&header)).map_err(Error::msg)?;
        let back = Response::from_bytes(black_box(&bytes), header).map_err(Error::msg)?;
        ensure!(back.request_id() == number && back.is_success(), "another response");
        Block::<LARGE>::sum_of(back.data())
    })
}

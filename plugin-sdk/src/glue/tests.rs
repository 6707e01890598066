//! Decoding and encoding without a host.

use core::ffi::c_void;
use core::fmt;
use std::collections::BTreeMap;
use std::error::Error;
use std::net::IpAddr;

use serde::{Deserialize, Serialize};

use super::arguments::Arguments;
use super::failure::Failure;
use super::reply::Reply;
use super::returned::{BoxedText as _, ErrorText as _, PlainText as _, WithCode as _, WithoutCode as _, returned};
use crate::abi::{Sink, Status};
use crate::call::{CallError, ExportError};

const SIGNATURE: &str = "set_wave(wave: u32) -> u32";

fn packed(value: impl Serialize) -> Vec<u8> {
    rmp_serde::to_vec_named(&value).expect("a plain value can be encoded")
}

fn one<'call, T: Deserialize<'call>>(bytes: &'call [u8]) -> Result<T, Failure> {
    let mut reader = Arguments::new(bytes, SIGNATURE).expect(1)?;
    let value = reader.value("wave")?;
    reader.end()?;
    Ok(value)
}

fn refusal<T: fmt::Debug>(result: Result<T, Failure>) -> String {
    match result {
        Err(Failure::Refused(text)) => text,
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn no_bytes_and_an_empty_array_are_no_arguments() {
    Arguments::new(&[], SIGNATURE).none().expect("no bytes are no arguments");
    Arguments::new(&packed([0_u8; 0]), SIGNATURE).none().expect("an empty array holds none");
    Arguments::new(&[0xdc, 0, 0], SIGNATURE).none().expect("also one with a longer header");
}

#[test]
fn a_wrong_number_of_arguments_is_refused_with_both_numbers() {
    assert_eq!(
        refusal(Arguments::new(&packed((1, 2)), SIGNATURE).expect(1)),
        "2 arguments are given, 1 expected; the method is set_wave(wave: u32) -> u32"
    );
    assert_eq!(
        refusal(Arguments::new(&packed((1,)), "clear()").none()),
        "1 argument is given, 0 expected; the method is clear()"
    );
    assert_eq!(
        refusal(Arguments::new(&[], SIGNATURE).expect(1)),
        "0 arguments are given, 1 expected; the method is set_wave(wave: u32) -> u32"
    );
}

#[test]
fn a_wrong_type_is_refused_with_argument_and_cause() {
    assert_eq!(
        refusal(one::<u32>(&packed(("x",)))),
        "argument `wave`: invalid type: string \"x\", expected u32; the method is set_wave(wave: u32) -> u32"
    );
    assert_eq!(
        refusal(one::<u8>(&packed((300,)))),
        "argument `wave`: invalid value: integer `300`, expected u8; the method is set_wave(wave: u32) -> u32"
    );
}

#[test]
fn a_wrong_type_inside_of_an_argument_is_refused_with_its_path() {
    #[derive(Debug, Deserialize)]
    struct Order {
        _pieces: Vec<u32>,
    }
    let text = |value: &str| packed((0, BTreeMap::from([("_pieces", vec![value])])));
    let bytes = text("x");
    let mut reader = Arguments::new(&bytes, "sell(count: u32, order: Order)").expect(2).expect("two arguments");
    assert_eq!(reader.value::<u32>("count").expect("a number"), 0);
    assert_eq!(
        refusal(reader.value::<Order>("order")),
        "argument `order`: _pieces[0]: invalid type: string \"x\", expected u32; the method is sell(count: u32, order: Order)"
    );
}

#[test]
fn bytes_that_are_no_array_or_not_whole_are_refused() {
    let wave = "; the method is set_wave(wave: u32) -> u32";
    assert_eq!(refusal(one::<u32>(&packed(7))), format!("the arguments are no MessagePack array{wave}"));
    let whole = packed((70_000,));
    for length in 1..whole.len() {
        let expected = format!("argument `wave`: its bytes end too early{wave}");
        assert_eq!(refusal(one::<u32>(&whole[..length])), expected);
    }
    let more = [whole, vec![0]].concat();
    assert_eq!(refusal(one::<u32>(&more)), format!("more bytes follow the arguments{wave}"));
    assert_eq!(refusal(one::<u32>(&[0x91, 0xc1])), format!("argument `wave`: its bytes are not MessagePack{wave}"));
}

#[test]
fn nesting_is_limited() {
    #[derive(Debug, Deserialize)]
    struct Deep {
        _inner: Vec<Deep>,
    }
    let deep = vec![0x91; 100_000];
    assert_eq!(
        refusal(one::<Deep>(&deep)),
        "argument `wave`: it is nested more than 128 levels deep; the method is set_wave(wave: u32) -> u32"
    );
}

#[test]
fn text_is_borrowed_from_the_call() {
    let bytes = packed(("wave",));
    let text: &str = one(&bytes).expect("text");
    assert_eq!(text, "wave");
    assert!(bytes.as_ptr_range().contains(&text.as_ptr()));
}

#[test]
fn bytes_may_be_binary_data_or_text_or_numbers() {
    let binary = [&[0x91, 0xc4, 3][..], b"abc"].concat();
    let (text, numbers) = (packed(("abc",)), packed(([97, 98, 99],)));
    for (bytes, copied) in [(binary, false), (text, false), (numbers, true)] {
        let mut reader = Arguments::new(&bytes, SIGNATURE).expect(1).expect("one argument");
        let found = reader.bytes("bytes").expect("bytes");
        assert_eq!(&*found, b"abc");
        assert_eq!(bytes.as_ptr_range().contains(&found.as_ptr()), !copied);
        reader.end().expect("nothing follows");
    }
    let mut reader = Arguments::new(&[0x91, 7], SIGNATURE).expect(1).expect("one argument");
    assert_eq!(
        refusal(reader.bytes("bytes")),
        "argument `bytes`: invalid type: integer `7`, expected bytes; the method is set_wave(wave: u32) -> u32"
    );
}

/// Collects a reply; refuses more than `room` bytes.
#[derive(Default)]
struct Collected {
    bytes: Vec<u8>,
    writes: u32,
    room: usize,
}

fn reply_to(collected: &mut Collected, value: impl Serialize) -> Result<(), Failure> {
    unsafe extern "C" fn write(context: *mut c_void, bytes: *const u8, length: usize) -> Status {
        // SAFETY: the test's own, in exclusive use during the call.
        let collected = unsafe { &mut *context.cast::<Collected>() };
        // SAFETY: valid for `length` bytes, as the sink's contract says.
        let bytes = unsafe { core::slice::from_raw_parts(bytes, length) };
        collected.writes += 1;
        if collected.bytes.len() + length > collected.room {
            return Status::FULL;
        }
        collected.bytes.extend_from_slice(bytes);
        Status::OK
    }
    Reply::new(Sink { context: (&raw mut *collected).cast(), write }, SIGNATURE).value(&value)
}

#[test]
fn a_reply_has_field_names_and_a_small_one_is_written_at_once() {
    #[derive(Serialize)]
    struct Point {
        x: f32,
        y: f32,
    }
    let mut collected = Collected { room: 1_000, ..Collected::default() };
    reply_to(&mut collected, Point { x: 1.0, y: 2.0 }).expect("it is written");
    let read: BTreeMap<String, f32> = rmp_serde::from_slice(&collected.bytes).expect("a map");
    assert_eq!(read, BTreeMap::from([("x".to_owned(), 1.0), ("y".to_owned(), 2.0)]));
    assert_eq!(collected.writes, 1);
}

#[test]
fn a_reply_of_any_size_is_whole() {
    for length in [0, 1, 126, 127, 128, 129, 1_000, 70_000] {
        let text = vec!["x".repeat(length), "end".to_owned()];
        let mut collected = Collected { room: 100_000, ..Collected::default() };
        reply_to(&mut collected, &text).expect("it is written");
        assert_eq!(rmp_serde::from_slice::<Vec<String>>(&collected.bytes).expect("a list"), text);
    }
}

#[test]
fn a_reply_that_the_host_refuses_is_an_error_of_the_call() {
    for room in [0, 10, 200] {
        let error = reply_to(&mut Collected { room, ..Collected::default() }, "x".repeat(300)).expect_err("too long");
        let Failure::Failed(CallError { code: 0, message }) = error else { panic!("not failed: {error:?}") };
        assert_eq!(
            message,
            "the reply cannot be written: the host refused more bytes of the reply; the method is set_wave(wave: u32) -> u32"
        );
    }
}

#[test]
fn what_is_written_as_text_inside_a_buffered_type_is_read_as_text() {
    #[derive(Debug, Deserialize, PartialEq, Serialize)]
    #[serde(tag = "kind")]
    enum Peer {
        At { address: IpAddr },
    }
    let peer = Peer::At { address: IpAddr::from([127, 0, 0, 1]) };
    let mut collected = Collected { room: 1_000, ..Collected::default() };
    reply_to(&mut collected, (&peer,)).expect("it is written");
    assert_eq!(one::<Peer>(&collected.bytes).expect("it is read"), peer);
}

/// As a shim calls it: with the concrete error type.
macro_rules! returned {
    ($result:expr) => {
        returned($result, |error| CallError::new((&&error).code(), (&&&error).text()))
    };
}

macro_rules! told {
    ($result:expr) => {
        match returned!($result) {
            Err(Failure::Failed(error)) => (error.code, error.message),
            other => panic!("not failed: {other:?}"),
        }
    };
}

#[derive(Debug)]
struct Coded;

impl fmt::Display for Coded {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("coded")
    }
}

impl ExportError for Coded {
    fn code(&self) -> u32 {
        7
    }
}

#[derive(Debug)]
struct Caused(Cause);

#[derive(Debug)]
struct Cause;

impl fmt::Display for Cause {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("the cause")
    }
}

impl Error for Cause {}

impl fmt::Display for Caused {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str("it failed")
    }
}

impl Error for Caused {
    fn source(&self) -> Option<&(dyn Error + 'static)> {
        Some(&self.0)
    }
}

impl ExportError for Caused {
    fn code(&self) -> u32 {
        8
    }
}

#[test]
fn an_error_arrives_with_all_that_its_type_tells() {
    let parsed = || "x".parse::<u32>().map_err(CallError::from);
    assert_eq!(told!(Err::<(), _>(CallError::new(3, "no"))), (3, "no".to_owned()));
    assert_eq!(told!(parsed()), (0, "invalid digit found in string".to_owned()));
    assert_eq!(told!("x".parse::<u32>()), (0, "invalid digit found in string".to_owned()));
    assert_eq!(told!(Err::<(), _>(Coded)), (7, "coded".to_owned()));
    assert_eq!(told!(Err::<(), _>(Caused(Cause))), (8, "it failed: the cause".to_owned()));
    assert_eq!(told!(Err::<(), Box<dyn Error>>(Caused(Cause).into())), (0, "it failed: the cause".to_owned()));
    assert_eq!(told!(Err::<(), _>("text")), (0, "text".to_owned()));
    assert_eq!(told!(Err::<(), _>(String::from("text"))), (0, "text".to_owned()));
}

#[test]
fn a_value_is_returned_as_it_is() {
    let never: Result<u32, core::convert::Infallible> = Ok(5);
    assert_eq!(returned!(never).expect("it has no error"), 5);
}

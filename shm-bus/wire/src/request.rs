//! The prefix of a request's payload, and the status of an answer.
//!
//! ```text
//! byte  0             8             16        20         24
//!       | deadline_ns | reply_to    | method  | 0        | the method's bytes ...
//! ```
//! All fields are little-endian. The record's header contains the rest: kind, correlation, and in a response the status as `flags`. A
//! response has no prefix. A cancel consists of a prefix, of which only `reply_to` is used.
//!
//! # Invariants
//! 1. [`RequestPrefix::decode`] is the only check of a prefix; [`RequestPrefix::encode`] restores an accepted prefix bit for bit.

use core::fmt;

use super::schema_hash;

/// Length of a prefix in bytes.
pub const REQUEST_PREFIX_BYTES: usize = 24;

/// The fixed start of a request's payload.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RequestPrefix {
    /// Time at which the client stops waiting, in nanoseconds of the machine's monotonic clock; all ones: never.
    pub deadline_ns: u64,
    /// Id of the inbox that waits for the answer; it reads `<service>/response/<id>`. Never 0.
    pub reply_to: u64,
    /// The requested method; see [`method_id`].
    pub method: u32,
}

/// A prefix that must not be used: the reason.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum RequestPrefixError {
    /// The payload is shorter than a prefix.
    Short(usize),
    /// There is no inbox for the answer.
    ReplyTo,
    /// Bytes that this version does not define.
    Reserved(u32),
}

impl fmt::Display for RequestPrefixError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Short(bytes) => write!(out, "a request of {bytes} bytes, below {REQUEST_PREFIX_BYTES}"),
            Self::ReplyTo => write!(out, "request field `reply_to` is 0, which names no inbox"),
            Self::Reserved(found) => write!(out, "request bytes 20 to 23 are {found:#010x}, expected 0"),
        }
    }
}

impl core::error::Error for RequestPrefixError {}

impl RequestPrefix {
    /// The prefix as bytes in memory.
    #[must_use]
    #[inline]
    pub fn encode(&self) -> [u8; REQUEST_PREFIX_BYTES] {
        let mut bytes = [0; REQUEST_PREFIX_BYTES];
        bytes[..8].copy_from_slice(&self.deadline_ns.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.reply_to.to_le_bytes());
        bytes[16..20].copy_from_slice(&self.method.to_le_bytes());
        bytes
    }

    /// Splits `payload` into its prefix and the method's argument.
    ///
    /// # Errors
    /// The first problem, in the order of [`RequestPrefixError`]'s variants.
    #[inline]
    pub fn decode(payload: &[u8]) -> Result<(Self, &[u8]), RequestPrefixError> {
        let Some((prefix, rest)) = payload.split_first_chunk::<REQUEST_PREFIX_BYTES>() else {
            return Err(RequestPrefixError::Short(payload.len()));
        };
        let (words, _) = prefix.as_chunks::<8>();
        let [deadline_ns, reply_to, what] = [words[0], words[1], words[2]].map(u64::from_le_bytes);
        if reply_to == 0 {
            return Err(RequestPrefixError::ReplyTo);
        }
        if what >> 32 != 0 {
            return Err(RequestPrefixError::Reserved((what >> 32) as u32));
        }
        Ok((Self { deadline_ns, reply_to, method: what as u32 }, rest))
    }
}

/// The number of a method: [`schema_hash`] of its name, its halves combined by exclusive or.
#[must_use]
pub const fn method_id(name: &str) -> u32 {
    let hash = schema_hash(name);
    (hash ^ hash >> 32) as u32
}

/// Asserts at compile time that no two methods of a service have the same number; called by `service!`.
#[doc(hidden)]
pub const fn require_distinct(names: &[&str]) {
    let mut left = 0;
    while left < names.len() {
        let mut right = left + 1;
        while right < names.len() {
            assert!(
                method_id(names[left]) != method_id(names[right]),
                "two methods of a service have one number; rename one"
            );
            right += 1;
        }
        left += 1;
    }
}

/// The outcome of a request; the `flags` of a response's header.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Status {
    /// Done; the response contains the method's result.
    Ok = 0,
    /// The method ran and refused; the response contains the reason in the service's own terms.
    Application = 1,
    /// The service has no such method.
    NoSuchMethod = 2,
    /// The deadline passed before the request was served.
    DeadlineExceeded = 3,
    /// The client no longer wanted it.
    Cancelled = 4,
    /// The request could not be understood.
    Malformed = 5,
    /// The server has no room or time for it now.
    Overloaded = 6,
    /// The server took it and sent no answer: it panicked, dropped the request, or its answer was too long.
    Failed = 7,
}

impl Status {
    /// Every status, by number.
    pub const ALL: [Self; 8] = [
        Self::Ok,
        Self::Application,
        Self::NoSuchMethod,
        Self::DeadlineExceeded,
        Self::Cancelled,
        Self::Malformed,
        Self::Overloaded,
        Self::Failed,
    ];

    /// The status with this number; numbers of later versions become `Failed`.
    #[must_use]
    #[inline]
    pub const fn from_wire(number: u8) -> Self {
        if (number as usize) < Self::ALL.len() { Self::ALL[number as usize] } else { Self::Failed }
    }

    /// Its text, in lower case.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Application => "application error",
            Self::NoSuchMethod => "no such method",
            Self::DeadlineExceeded => "deadline exceeded",
            Self::Cancelled => "cancelled",
            Self::Malformed => "malformed request",
            Self::Overloaded => "overloaded",
            Self::Failed => "failed without an answer",
        }
    }
}

impl fmt::Display for Status {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(self.name())
    }
}

const _: () = {
    let mut number = 0;
    while number < Status::ALL.len() {
        assert!(Status::ALL[number] as usize == number, "statuses are listed by number");
        number += 1;
    }
    assert!(Status::ALL.len() <= super::STATUS_MAX as usize + 1, "a status fits the header");
};

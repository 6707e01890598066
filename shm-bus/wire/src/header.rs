//! The 32 bytes before every record, in a lane and in any copy of its records.
//!
//! ```text
//! byte  0        4        8    9    10   11   12      16               24               32
//!       | length | seq    | ver| kind| pri| flg| topic | sender         | correlation    |
//!       '-- commit word --'
//! ```
//! All fields are little-endian. The first 8 bytes are the **commit word**: `length` includes the header, is at least 32, and 0 means that
//! nothing is there yet; `seq` contains the low half of the lane's sequence. `PROTOCOL.md` specifies each byte. Knows neither rings, lanes
//! nor memory orders.
//!
//! # Invariants
//! 1. [`Header::decode`] is the only check of a header; [`Header::encode`] restores an accepted header bit for bit.
//!
//! # Failure
//! [`HeaderError`] names the first wrong field and its value.

use core::fmt;

use super::Priority;

/// Length of a header in bytes; also the alignment of records.
pub const HEADER_BYTES: usize = 32;

/// The version of the header format that this crate writes and reads.
pub const HEADER_VERSION: u8 = 1;

/// The largest status of a response.
pub const STATUS_MAX: u8 = 15;

/// Kind of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Kind {
    /// A message of the lane's topic.
    Message = 1,
    /// Padding up to the end of the ring; has no payload and no sequence of its own.
    Pad = 2,
    /// A request; `correlation` is its number at the client that sent it.
    Request = 3,
    /// The answer to the request of the same `correlation`; the only kind with `flags`, its status.
    Response = 4,
    /// The client no longer wants the answer to the request of the same `correlation`.
    Cancel = 5,
}

impl Kind {
    /// The kind with this wire number, or `None` if this version does not know it.
    #[must_use]
    #[inline]
    pub const fn from_wire(number: u8) -> Option<Self> {
        match number {
            1 => Some(Self::Message),
            2 => Some(Self::Pad),
            3 => Some(Self::Request),
            4 => Some(Self::Response),
            5 => Some(Self::Cancel),
            _ => None,
        }
    }

    /// The largest value of the header's `flags`.
    #[inline]
    const fn flags_max(self) -> u8 {
        match self {
            Self::Response => STATUS_MAX,
            Self::Message | Self::Pad | Self::Request | Self::Cancel => 0,
        }
    }
}

/// A decoded header.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Header {
    /// Length of header and payload in bytes; at least [`HEADER_BYTES`].
    pub length: u32,
    /// Low half of the record's sequence in its lane; a PAD has that of the record after it.
    pub sequence: u32,
    /// Kind of the record.
    pub kind: Kind,
    /// The lane's priority.
    pub priority: Priority,
    /// The status of a response, at most [`STATUS_MAX`]; 0 in all other kinds.
    pub flags: u8,
    /// The topic's number on its bus.
    pub topic: u32,
    /// The sending participant's id.
    pub sender: u64,
    /// The number of the request to which a request, response or cancel belongs; 0 in plain messages.
    pub correlation: u64,
}

/// A header that must not be used: its first wrong field.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum HeaderError {
    /// Shorter than a header.
    Length(u32),
    /// Written by another version of the format.
    Version(u8),
    /// A kind that this version does not know.
    Kind(u8),
    /// A priority above 3.
    Priority(u8),
    /// Bits that this version does not define for the header's kind.
    Flags(u8),
}

impl fmt::Display for HeaderError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Length(found) => write!(out, "header field `length` is {found}, below {HEADER_BYTES}"),
            Self::Version(found) => write!(out, "header field `version` is {found}, expected {HEADER_VERSION}"),
            Self::Kind(found) => write!(out, "header field `kind` is {found}, which is unknown"),
            Self::Priority(found) => write!(out, "header field `priority` is {found}, above 3"),
            Self::Flags(found) => write!(out, "header field `flags` is {found:#04x}, which its kind does not define"),
        }
    }
}

impl core::error::Error for HeaderError {}

impl Header {
    /// The header as bytes in memory or in a file.
    #[must_use]
    #[inline]
    pub const fn encode(&self) -> [u8; HEADER_BYTES] {
        let words = self.to_words();
        let mut bytes = [0; HEADER_BYTES];
        let mut index = 0;
        while index < HEADER_BYTES {
            bytes[index] = (words[index / 8] >> (index % 8 * 8)) as u8;
            index += 1;
        }
        bytes
    }

    /// Checks every field of `bytes`.
    ///
    /// # Errors
    /// The first field that is wrong, in the order of [`HeaderError`]'s variants.
    #[inline]
    pub const fn decode(bytes: &[u8; HEADER_BYTES]) -> Result<Self, HeaderError> {
        let (words, _) = bytes.as_chunks::<8>();
        Self::from_words([
            u64::from_le_bytes(words[0]),
            u64::from_le_bytes(words[1]),
            u64::from_le_bytes(words[2]),
            u64::from_le_bytes(words[3]),
        ])
    }

    /// The header as four little-endian words, the commit word first.
    #[must_use]
    #[inline]
    pub const fn to_words(&self) -> [u64; 4] {
        let kind =
            HEADER_VERSION as u64 | (self.kind as u64) << 8 | (self.priority as u64) << 16 | (self.flags as u64) << 24;
        [commit_word(self.length, self.sequence), kind | (self.topic as u64) << 32, self.sender, self.correlation]
    }

    /// Like [`Self::decode`], from four little-endian words.
    ///
    /// # Errors
    /// As for [`Self::decode`].
    #[inline]
    pub const fn from_words(words: [u64; 4]) -> Result<Self, HeaderError> {
        let [commit, what, sender, correlation] = words;
        let length = commit as u32;
        if (length as usize) < HEADER_BYTES {
            return Err(HeaderError::Length(length));
        }
        let [version, kind, priority, flags, ..] = what.to_le_bytes();
        if version != HEADER_VERSION {
            return Err(HeaderError::Version(version));
        }
        let Some(kind) = Kind::from_wire(kind) else { return Err(HeaderError::Kind(kind)) };
        let Some(priority) = Priority::from_wire(priority) else { return Err(HeaderError::Priority(priority)) };
        if flags > kind.flags_max() {
            return Err(HeaderError::Flags(flags));
        }
        let sequence = (commit >> 32) as u32;
        Ok(Self { length, sequence, kind, priority, flags, topic: (what >> 32) as u32, sender, correlation })
    }
}

/// The first word of a header.
#[must_use]
#[inline]
pub const fn commit_word(length: u32, sequence: u32) -> u64 {
    length as u64 | (sequence as u64) << 32
}

const _: () = {
    assert!(HEADER_BYTES == size_of::<[u64; 4]>());
    let header = Header {
        length: 0x0403_0201,
        sequence: 0x0807_0605,
        kind: Kind::Message,
        priority: Priority::Low,
        flags: 0,
        topic: 0x100f_0e0d,
        sender: 0x1817_1615_1413_1211,
        correlation: 0x201f_1e1d_1c1b_1a19,
    };
    let bytes = header.encode();
    assert!(bytes[0] == 1 && bytes[4] == 5, "length at 0, sequence at 4");
    assert!(
        bytes[8] == HEADER_VERSION && bytes[9] == 1 && bytes[10] == 3 && bytes[11] == 0,
        "version to flags at 8 to 11"
    );
    assert!(
        bytes[12] == 0x0d && bytes[16] == 0x11 && bytes[24] == 0x19 && bytes[31] == 0x20,
        "topic, sender, correlation"
    );
};

//! What a look at a lane finds.

use crate::wire::{HeaderError, Kind};

/// What [`Reader::read`] found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing new.
    Dry,
    /// A message, of which the payload was copied; [`Reader::last`] tells the rest.
    Message,
    /// An impossible word; read no further.
    Corrupt(Fault),
    /// Overtaken on a lane that evicts; read no further.
    Evicted,
}

/// One message's particulars.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    /// Messages of this lane that were overwritten unread just before this one.
    pub(crate) lost: u64,
    /// Bytes of payload.
    pub(crate) len: usize,
    /// Second word of its header.
    pub(super) what: u64,
    pub(crate) sender: u64,
    pub(crate) correlation: u64,
}

impl Message {
    /// What it is; its header was checked.
    pub(crate) const fn kind(self) -> Kind {
        match Kind::from_wire((self.what >> 8) as u8) {
            Some(kind) => kind,
            None => Kind::Message,
        }
    }

    /// Its flags.
    pub(crate) const fn flags(self) -> u8 {
        (self.what >> 24) as u8
    }
}

/// What was impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Header(HeaderError),
    Extent(u32),
    Sequence { expected: u64, found: u32 },
    PadShort(u32),
    Position(u64),
}

//! Results of a look at a lane.

use crate::wire::{HeaderError, Kind};

/// Result of [`Reader::read`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Look {
    /// Nothing new.
    Dry,
    /// A message, whose payload was copied; [`Reader::last`] has the rest.
    Message,
    /// An impossible word; reading ends.
    Corrupt(Fault),
    /// Overtaken on a lane that evicts; reading ends.
    Evicted,
}

/// The properties of one message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Message {
    pub(crate) sequence: u64,
    /// Messages of this lane that were overwritten unread directly before this one.
    pub(crate) lost: u64,
    /// Bytes of payload.
    pub(crate) len: usize,
    /// Second word of its header.
    pub(super) what: u64,
    pub(crate) sender: u64,
    pub(crate) correlation: u64,
}

impl Message {
    /// Its kind; its header was checked.
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

/// The impossible value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    Header(HeaderError),
    Extent(u32),
    Sequence { expected: u64, found: u32 },
    PadShort(u32),
    Position(u64),
}

//! The limits of a bus, set when it is created: five words of the header.

use super::Control;
use crate::layout::control::{BYTES, INBOXES_MAX, LANES_MAX, LIMITS, PARTICIPANTS_MAX, TOPICS_MAX};
use crate::sync::Ordering;

/// The limits of a bus.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Maximum number of participants, at most 64.
    pub participants: usize,
    /// Maximum number of topics, at most 128.
    pub topics: usize,
    /// Maximum number of lanes, at most 256.
    pub lanes: usize,
    /// Maximum number of inboxes, at most 64.
    pub inboxes: usize,
    /// Maximum number of bytes of all segments together, at least the registry's 245 760.
    pub bytes: u64,
}

impl Limits {
    /// The layout's maximum, and any number of bytes.
    pub const MAX: Self = Self {
        participants: PARTICIPANTS_MAX,
        topics: TOPICS_MAX,
        lanes: LANES_MAX,
        inboxes: INBOXES_MAX,
        bytes: u64::MAX,
    };
    /// The minimum of each with which a bus is usable.
    pub const MIN: Self = Self { participants: 1, topics: 1, lanes: 1, inboxes: 1, bytes: BYTES };

    /// The limits as words, in the header's order, each with its name.
    pub(crate) const fn words(&self) -> [(&'static str, u64); 5] {
        [
            ("participants", self.participants as u64),
            ("topics", self.topics as u64),
            ("lanes", self.lanes as u64),
            ("inboxes", self.inboxes as u64),
            ("bytes", self.bytes),
        ]
    }
}

impl Default for Limits {
    fn default() -> Self {
        Self::MAX
    }
}

impl Control {
    /// The bus's limits; a word above the layout's maximum counts as the maximum.
    pub(crate) fn limits(&self) -> Limits {
        // ORDERING: Relaxed, written once before [MAGIC].
        let word = |index: usize| self.word(LIMITS + index).load(Ordering::Relaxed);
        let entries = |index: usize, max: usize| usize::try_from(word(index)).map_or(max, |limit| limit.min(max));
        Limits {
            participants: entries(0, PARTICIPANTS_MAX),
            topics: entries(1, TOPICS_MAX),
            lanes: entries(2, LANES_MAX),
            inboxes: entries(3, INBOXES_MAX),
            bytes: word(4),
        }
    }

    pub(super) fn store_limits(&self, limits: &Limits) {
        for (index, (_, limit)) in limits.words().into_iter().enumerate() {
            // ORDERING: Relaxed, published by [MAGIC].
            self.word(LIMITS + index).store(limit, Ordering::Relaxed);
        }
    }
}

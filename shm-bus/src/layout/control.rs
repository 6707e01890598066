//! `control`, the registry: header page, then tables.

use std::ops::Range;

use super::PAGE_WORDS;

/// Value of the first word, in every version: `HFCTRL`.
pub(crate) const CONTROL_MAGIC: u64 = u64::from_le_bytes(*b"HFCTRL\x00\x00");

/// Maximum number of participants of a bus.
pub(crate) const PARTICIPANTS_MAX: usize = 64;
/// Maximum number of topics of a bus.
pub(crate) const TOPICS_MAX: usize = 128;
/// Maximum number of lanes of a bus.
pub(crate) const LANES_MAX: usize = 256;
/// Maximum number of inboxes of a bus.
pub(crate) const INBOXES_MAX: usize = 64;
/// Maximum length of a participant's, publisher's or inbox's name, in bytes.
pub(crate) const NAME_MAX: usize = 64;
/// Maximum length of a topic's name, in bytes.
pub(crate) const TOPIC_NAME_MAX: usize = 96;
/// Maximum length of a message type's name, in bytes.
pub(crate) const TYPE_NAME_MAX: usize = 128;
/// Maximum length of a schema, in bytes.
pub(crate) const SCHEMA_MAX: usize = 1024;

// The header's words up to byte 256 are the same in every version.

/// Version of the format.
pub(crate) const VERSION: usize = 1;
/// Required features.
pub(crate) const REQUIRED: usize = 2;
/// Optional features.
pub(crate) const OPTIONAL: usize = 3;
/// Bytes of this file.
pub(crate) const SIZE: usize = 4;
/// Process that created the bus.
pub(crate) const PROCESS: usize = 5;
/// Bytes of the program's name, then of the release, 16 bits each.
pub(crate) const LENGTHS: usize = 6;
/// The program's name.
pub(crate) const PROGRAM: Range<usize> = 8..16;
/// The program's release of this crate.
pub(crate) const RELEASE: Range<usize> = 16..20;

/// Grows with every change of any entry.
pub(crate) const EPOCH: usize = 32;
/// The next id.
pub(crate) const NEXT_ID: usize = 40;
/// Process that holds `bus.lock`.
pub(crate) const HOLDER: usize = 41;
/// First of five limits: participants, topics, lanes, inboxes, bytes.
pub(crate) const LIMITS: usize = 48;
/// First of the bits of abandoned lanes.
pub(crate) const ABANDONED_LANES: usize = 56;
/// Bits of abandoned inboxes.
pub(crate) const ABANDONED_INBOXES: usize = ABANDONED_LANES + LANES_MAX / 64;
/// Bits of participants that may have left.
pub(crate) const ABANDONED_PARTICIPANTS: usize = ABANDONED_INBOXES + 1;
/// This file's inode.
pub(crate) const INODE: usize = 64;
/// The change that the holder of `bus.lock` is making to an account.
pub(crate) const STEP: usize = 72;
/// The total to which the step leads.
pub(crate) const STEP_TOTAL: usize = 73;
/// Messages of ended lanes of topics that have lost their table entry.
pub(crate) const FORGOTTEN: usize = 74;
/// First of one word for each slot: the greatest id that has left it, or was proven dead there.
pub(crate) const LEFT: usize = 128;
/// First of one word for each slot: the time namespace of the participant's birth.
pub(crate) const TIME_NAMESPACE: usize = LEFT + PARTICIPANTS_MAX;
/// First of one word for each slot: the seal of its entry.
pub(crate) const SEAL: usize = TIME_NAMESPACE + PARTICIPANTS_MAX;

/// A table of entries of the same size.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Table {
    /// Words before the first entry.
    pub(crate) start: usize,
    /// Words of one entry.
    pub(crate) stride: usize,
    /// Number of entries.
    pub(crate) entries: usize,
}

impl Table {
    const fn after(start: usize, stride_bytes: usize, entries: usize) -> Self {
        Self { start, stride: stride_bytes / 8, entries }
    }

    /// Words before the end of the last entry.
    const fn end(self) -> usize {
        self.start + self.stride * self.entries
    }
}

/// The participants.
pub(crate) const PARTICIPANTS: Table = Table::after(PAGE_WORDS, 128, PARTICIPANTS_MAX);
/// The topics.
pub(crate) const TOPICS: Table = Table::after(PARTICIPANTS.end(), 1280, TOPICS_MAX);
/// The lanes.
pub(crate) const LANES: Table = Table::after(TOPICS.end(), 128, LANES_MAX);
/// The inboxes and workers.
pub(crate) const INBOXES: Table = Table::after(LANES.end(), 128, INBOXES_MAX);
/// A doorbell for each inbox.
pub(crate) const DOORBELLS: Table = Table::after(INBOXES.end(), 64, INBOXES_MAX);
/// A room bell for each lane.
pub(crate) const ROOM_BELLS: Table = Table::after(DOORBELLS.end(), 64, LANES_MAX);
/// A line for each topic.
pub(crate) const TOPIC_LINES: Table = Table::after(ROOM_BELLS.end(), 64, TOPICS_MAX);

/// Bytes of the registry.
pub(crate) const BYTES: u64 = TOPIC_LINES.end() as u64 * 8;

/// Word of every entry: its id, in a lane's entry with the lane's state; 0 while the entry is free. Stored last.
pub(crate) const STATE: usize = 0;

/// A participant's entry.
pub(crate) mod participant {
    use std::ops::Range;

    /// Process id and pid namespace.
    pub(crate) const PROCESS: usize = 1;
    pub(crate) const NAME_LENGTH: usize = 2;
    pub(crate) const NAME: Range<usize> = 3..11;
    pub(crate) const VERSION: usize = 11;
    /// Features that it knows.
    pub(crate) const FEATURES: usize = 12;
    /// Time at which it attached, in milliseconds since 1970.
    pub(crate) const START: usize = 13;
    /// Its process's birth.
    pub(crate) const BIRTH: usize = 14;
    /// Its heartbeat.
    pub(crate) const BEAT: usize = 15;
}

/// A topic's entry.
pub(crate) mod topic {
    use std::ops::Range;

    pub(crate) const SCHEMA_HASH: usize = 1;
    /// Message size, and a policy's timeout.
    pub(crate) const SIZE: usize = 2;
    /// Lengths of the three texts, policy, and deliveries of a work queue.
    pub(crate) const LENGTHS: usize = 3;
    pub(crate) const NAME: Range<usize> = 4..16;
    pub(crate) const TYPE_NAME: Range<usize> = 16..32;
    pub(crate) const SCHEMA: Range<usize> = 32..160;
}

/// A lane's entry.
pub(crate) mod lane {
    use std::ops::Range;

    /// Topic, priority, participant and claims.
    pub(crate) const OWNER: usize = 1;
    /// Bytes of the ring.
    pub(crate) const CAPACITY: usize = 2;
    pub(crate) const NAME_LENGTH: usize = 3;
    /// The publisher's name.
    pub(crate) const NAME: Range<usize> = 4..12;
}

/// An inbox's or worker's entry.
pub(crate) mod inbox {
    use std::ops::Range;

    /// Participant and flags.
    pub(crate) const OWNER: usize = 1;
    /// First of two words with a bit for each topic.
    pub(crate) const SUBSCRIPTIONS: usize = 2;
    pub(crate) const NAME_LENGTH: usize = 4;
    pub(crate) const NAME: Range<usize> = 5..13;
}

/// An inbox's doorbell.
pub(crate) mod doorbell {
    /// The word that the inbox sleeps on.
    pub(crate) const BELL: usize = 0;
    /// First of the ready bits, one for each index of the lane table.
    pub(crate) const READY: usize = 1;
    /// Words of ready bits.
    pub(crate) const READY_WORDS: usize = super::LANES_MAX / 64;
    /// Whether publishers are to keep the ready bits.
    pub(crate) const KEPT: usize = READY + READY_WORDS;
}

/// A topic's line.
pub(crate) mod line {
    /// A bit for each inbox whose doorbell publishers check.
    pub(crate) const INTEREST: usize = 0;
    /// The id with which the topic's name got this index; 0: free.
    pub(crate) const ACCOUNT: usize = 1;
    /// Messages sent in all lanes of the topic that have ended.
    pub(crate) const ENDED: usize = 2;
    /// The same when the topic was last declared.
    pub(crate) const ENDED_BEFORE: usize = 3;
}

const _: () = {
    assert!(RELEASE.end <= EPOCH && EPOCH * 8 == 256, "the words after it are the version's own");
    assert!(PROGRAM.end == RELEASE.start && (PROGRAM.end - PROGRAM.start) * 8 == NAME_MAX);
    assert!(LIMITS + 5 <= ABANDONED_LANES && ABANDONED_PARTICIPANTS < INODE);
    assert!(INBOXES_MAX <= 64 && PARTICIPANTS_MAX <= 64, "a word of bits each");
    assert!(SEAL + PARTICIPANTS_MAX <= PARTICIPANTS.start, "the header's words lie in its page");
    assert!(participant::NAME.end == participant::VERSION && participant::BEAT + 1 == PARTICIPANTS.stride);
    assert!(topic::NAME.end == topic::TYPE_NAME.start && (topic::NAME.end - topic::NAME.start) * 8 == TOPIC_NAME_MAX);
    assert!(topic::TYPE_NAME.end == topic::SCHEMA.start && topic::SCHEMA.end == TOPICS.stride);
    assert!((topic::SCHEMA.end - topic::SCHEMA.start) * 8 == SCHEMA_MAX);
    assert!((topic::TYPE_NAME.end - topic::TYPE_NAME.start) * 8 == TYPE_NAME_MAX);
    assert!(lane::NAME.end <= LANES.stride && inbox::NAME.end <= INBOXES.stride);
    assert!(inbox::SUBSCRIPTIONS + TOPICS_MAX / 64 <= inbox::NAME_LENGTH, "a bit for each topic");
    assert!(doorbell::KEPT < DOORBELLS.stride && line::ENDED_BEFORE < TOPIC_LINES.stride);
    assert!(ABANDONED_INBOXES * 8 == 480 && ABANDONED_PARTICIPANTS * 8 == 488);
    assert!(LEFT * 8 == 1024 && TIME_NAMESPACE * 8 == 1536 && SEAL * 8 == 2048);
    assert!(PARTICIPANTS.start * 8 == 4096 && TOPICS.start * 8 == 12288 && LANES.start * 8 == 176_128);
    assert!(INBOXES.start * 8 == 208_896 && DOORBELLS.start * 8 == 217_088 && ROOM_BELLS.start * 8 == 221_184);
    assert!(TOPIC_LINES.start * 8 == 237_568 && BYTES == 245_760 && BYTES.is_multiple_of(4096));
};

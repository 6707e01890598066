//! A lane as one inbox sees it.

use std::sync::Arc;

use crate::bell;
use crate::inbox_file::{InboxFile, LaneCount};
use crate::lane::{Fault, LaneFile, Look, Reader};
use crate::membership::Shared;
use crate::sync::AtomicU64;
use crate::sys::{self, BellId};
use crate::topic::Declaration;
use crate::wire::Priority;

use super::delivery::{Delivery, bytes_of};

/// Why a lane is not read any further.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// Something in it was impossible.
    Corrupt(Fault),
    /// Its publisher has overtaken this inbox.
    Evicted,
}

impl End {
    /// The end that a look found, if it is one.
    pub(super) const fn of(look: Look) -> Option<Self> {
        match look {
            Look::Corrupt(fault) => Some(Self::Corrupt(fault)),
            Look::Evicted => Some(Self::Evicted),
            Look::Message | Look::Dry => None,
        }
    }
}

/// An attached lane.
#[derive(Debug)]
pub(super) struct InLane {
    pub(super) id: u64,
    /// Index in the lane directory, also of the cursor.
    pub(super) index: usize,
    pub(super) priority: Priority,
    /// That of its topic's name.
    pub(super) account: u64,
    pub(super) schema_hash: u64,
    /// As what its topic was declared when it was made.
    pub(super) declared: Arc<Declaration>,
    pub(super) publisher: String,
    pub(super) reader: Reader<LaneFile>,
    /// Whether it held something when it was last looked at.
    pub(super) holds: bool,
    /// Nothing more comes.
    pub(super) closed: bool,
    /// Its entry is gone, and its messages are accounted for.
    pub(super) ended: bool,
    /// Set when it is to be left.
    pub(super) end: Option<End>,
    /// Its publisher may sleep until it has room.
    pub(super) wakes_publisher: bool,
    /// What is skipped was conflated, not lost.
    pub(super) conflates: bool,
    /// Messages given out.
    pub(super) received: u64,
    /// Of these, how many the inbox's file tells.
    pub(super) received_told: u64,
    /// Position for which the publisher was last woken.
    pub(super) woken_for: u64,
    /// Where the present drain ends.
    pub(super) drain_to: u64,
}

impl InLane {
    /// By what lanes are sorted.
    pub(super) fn order(&self) -> (Priority, &str, &str, u64) {
        (self.priority, &self.declared.name, &self.publisher, self.id)
    }

    /// Goes forward until at most `count` of the messages are left that were sent so far.
    pub(super) fn keep_last(&mut self, count: u64, payload: &mut [u64], cursor: &AtomicU64) -> Option<End> {
        if self.conflates {
            // Only the newest message is ever read; those before it were never this inbox's to skip.
            return self.reader.start_at_latest().err().map(End::Corrupt);
        }
        let target = self.reader.sent().saturating_sub(count);
        // Bounded by what a ring can hold, whatever its writer says it has sent.
        for _ in 0..=self.reader.records_max() {
            if self.reader.next_sequence().is_none_or(|next| next >= target) {
                break;
            }
            match self.reader.read(payload, cursor) {
                Look::Message => {}
                Look::Dry => break,
                look => return End::of(look),
            }
        }
        None
    }

    /// Takes the next message into `payload`, counts it, and tells the publisher of it where that is due.
    #[inline(always)]
    pub(super) fn take(&mut self, payload: &mut [u64], shared: &Shared, file: &InboxFile) -> Look {
        if self.take_usual(payload, shared, file) { Look::Message } else { self.take_any(payload, shared, file) }
    }

    #[cold]
    fn take_any(&mut self, payload: &mut [u64], shared: &Shared, file: &InboxFile) -> Look {
        let look = self.reader.read_any(payload, file.cursor(self.index));
        if look == Look::Message {
            self.received += 1;
            let lost = self.reader.last().lost;
            if lost > 0 {
                let what = if self.conflates { LaneCount::Conflated } else { LaneCount::Lost };
                file.add_to_line(self.index, what, lost);
            }
        }
        self.after_publish(shared, file);
        look
    }

    /// The usual case of [`Self::take`]; else nothing has happened.
    #[inline(always)]
    pub(super) fn take_usual(&mut self, payload: &mut [u64], shared: &Shared, file: &InboxFile) -> bool {
        let taken = self.reader.read_usual(payload);
        if taken {
            self.received += 1;
            if self.reader.owes_cursor() {
                self.tell(shared, file);
            }
        }
        taken
    }

    /// Gives `each` what lies before `drain_to`; how many messages that was.
    #[inline]
    pub(super) fn drain(
        &mut self,
        payload: &mut [u64],
        shared: &Shared,
        file: &InboxFile,
        each: &mut impl FnMut(Delivery<'_>),
    ) -> usize {
        let mut taken = 0;
        // Bounded by what a ring can hold, whatever its writer says.
        for _ in 0..=self.reader.records_max() {
            if self.reader.position() >= self.drain_to {
                break;
            }
            match self.take(payload, shared, file) {
                Look::Message => {}
                Look::Dry => break,
                look => {
                    self.end = End::of(look);
                    break;
                }
            }
            taken += 1;
            each(self.delivery(payload));
            if shared.is_forked() {
                return taken;
            }
        }
        self.tell(shared, file);
        taken
    }

    /// Tells the publisher how far this inbox has come.
    pub(super) fn tell(&mut self, shared: &Shared, file: &InboxFile) {
        self.reader.publish_if_moved(file.cursor(self.index));
        self.after_publish(shared, file);
    }

    /// What goes with a cursor that was stored: the count of messages, and waking the publisher.
    #[inline]
    pub(super) fn after_publish(&mut self, shared: &Shared, file: &InboxFile) {
        if self.received != self.received_told {
            file.add_to_line(self.index, LaneCount::Received, self.received - self.received_told);
            self.received_told = self.received;
        }
        if self.wakes_publisher {
            self.wake_if_moved(shared);
        }
    }

    /// Whether something waits in it; the publisher of a dry one is told how far this inbox has come.
    #[inline]
    pub(super) fn is_ready(&mut self, shared: &Shared, file: &InboxFile) -> bool {
        let ready = self.reader.ready(file.cursor(self.index));
        if !ready {
            self.after_publish(shared, file);
        }
        ready
    }

    /// Wakes the publisher if it sleeps and has been told of a new position.
    fn wake_if_moved(&mut self, shared: &Shared) {
        if self.woken_for != self.reader.published() {
            self.woken_for = self.reader.published();
            wake_publisher(shared, self.index);
        }
    }

    /// The message that was just read into `payload`.
    #[inline]
    pub(super) fn delivery<'a>(&'a self, payload: &'a [u64]) -> Delivery<'a> {
        let message = self.reader.last();
        Delivery {
            topic: &self.declared.name,
            schema_hash: self.schema_hash,
            declaration: &self.declared,
            priority: self.priority,
            publisher: &self.publisher,
            sequence: message.sequence,
            lost: message.lost,
            kind: message.kind(),
            status: message.flags(),
            sender: message.sender,
            correlation: message.correlation,
            payload: &bytes_of(payload)[..message.len],
        }
    }
}

/// Wakes the publisher of the lane at `index` if it sleeps until it has room.
pub(super) fn wake_publisher(shared: &Shared, index: usize) {
    let bell = shared.control.room_bell(index);
    if bell::ring_after_store(bell) {
        sys::wake(bell, BellId { folder: shared.store.path(), kind: "room", index });
    }
}

//! A lane as seen by one inbox.

use std::sync::Arc;

use crate::inbox_file::InboxFile;
use crate::lane::{Fault, LaneFile, Look, Reader};
use crate::layout::inbox::LaneCount;
use crate::membership::Shared;
use crate::outgoing::wake_for_room;
use crate::sync::AtomicU64;
use crate::topic::Declaration;
use crate::wire::Priority;

use super::delivery::{Delivery, bytes_of};

/// Why reading a lane ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    /// It contains an impossible word.
    Corrupt(Fault),
    /// Its publisher has overtaken this inbox.
    Evicted,
}

impl End {
    /// The reason to end that `look` found, if any.
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
    /// Index in the lane table, and of the cursor.
    pub(super) index: usize,
    pub(super) priority: Priority,
    /// The account of its topic's name.
    pub(super) account: u64,
    pub(super) schema_hash: u64,
    /// The topic's declaration when the lane was created.
    pub(super) declared: Arc<Declaration>,
    pub(super) publisher: String,
    pub(super) reader: Reader<LaneFile>,
    /// Whether it held a message at the last look.
    pub(super) holds: bool,
    /// No more messages will come.
    pub(super) closed: bool,
    /// Its entry is gone, and its messages are accounted for.
    pub(super) ended: bool,
    /// Set if the lane is to be left.
    pub(super) end: Option<End>,
    /// The publisher may sleep until there is room.
    pub(super) wakes_publisher: bool,
    /// Skipped messages were conflated, not lost.
    pub(super) conflates: bool,
    /// Messages received.
    pub(super) received: u64,
    /// The part of `received` that the inbox's file shows.
    pub(super) received_told: u64,
    /// Position for which the publisher was last woken.
    pub(super) woken_for: u64,
    /// Position at which the present drain ends.
    pub(super) drain_to: u64,
}

impl InLane {
    /// Sort key of lanes.
    pub(super) fn order(&self) -> (Priority, &str, &str, u64) {
        (self.priority, &self.declared.name, &self.publisher, self.id)
    }

    /// Skips forward until at most `count` of the messages sent so far are left.
    pub(super) fn keep_last(&mut self, count: u64, payload: &mut [u64], cursor: &AtomicU64) -> Option<End> {
        if self.conflates {
            // Only the newest message is ever read; the earlier ones don't count as skipped by this inbox.
            return self.reader.start_at_latest().err().map(End::Corrupt);
        }
        let target = self.reader.sent().saturating_sub(count);
        // Bounded by the ring's capacity, even if the writer's counters are wrong.
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

    /// Takes the next message into `payload`, counts it, and publishes the cursor if that is due.
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

    /// Fast path of [`Self::take`]; if `false`, nothing has happened.
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

    /// Passes each message before `drain_to` to `each`; returns their number.
    #[inline]
    pub(super) fn drain(
        &mut self,
        payload: &mut [u64],
        shared: &Shared,
        file: &InboxFile,
        each: &mut impl FnMut(Delivery<'_>),
    ) -> usize {
        let mut taken = 0;
        // Bounded by the ring's capacity, even if the writer's counters are wrong.
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

    /// Publishes this inbox's position to the publisher.
    pub(super) fn tell(&mut self, shared: &Shared, file: &InboxFile) {
        self.reader.publish_if_moved(file.cursor(self.index));
        self.after_publish(shared, file);
    }

    /// Follows a stored cursor: publishes the count of messages, and wakes the publisher.
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

    /// Whether it holds a message; if it is dry, publishes this inbox's position to the publisher.
    #[inline]
    pub(super) fn is_ready(&mut self, shared: &Shared, file: &InboxFile) -> bool {
        let ready = self.reader.ready(file.cursor(self.index));
        if !ready {
            self.after_publish(shared, file);
        }
        ready
    }

    /// Wakes the publisher if it sleeps and a new position was published.
    fn wake_if_moved(&mut self, shared: &Shared) {
        if self.woken_for != self.reader.published() {
            self.woken_for = self.reader.published();
            wake_for_room(shared, self.index);
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

//! Accounts of messages that an observer may never have seen: those of ended lanes, for each topic.
//!
//! An observer does not keep a lane alive. A lane that comes and goes between two of its looks leaves its messages here: `ended` grows by
//! the number of messages sent in each lane of the topic that ends. The account is the id with which the topic's name took its index in the
//! table; it outlives changed declarations. If the full table needs a free index, a topic is evicted whose only readers are inboxes that
//! read everything; its total is added to `forgotten`.
//!
//! # Invariants
//! 1. Totals change only under `bus.lock`, and only grow until the index is free. An index of the topic table is free if its account is 0.
//! 2. A lane's entry is freed before its topic's total grows, and a topic's before `forgotten` grows: `[ENDED]`.
//! 3. Each lane is counted once. The step (an intent record) says what is being done and the resulting total, before it is done. After a
//!    death the next holder of `bus.lock` repeats it; it is idempotent.
//!
//! # Failure
//! Words of a hostile peer only make figures wrong.

use super::{Control, LaneEntry};
use crate::layout::control::line::{ACCOUNT, ENDED, ENDED_BEFORE};
use crate::layout::control::{FORGOTTEN, LANES, LANES_MAX, STATE, STEP, STEP_TOTAL, TOPIC_LINES, TOPICS_MAX};
use crate::sync::{AtomicU64, Ordering};

/// The action of a step. As a word: `id << 24 | topic << 16 | lane << 8 | kind`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    /// The lane with this id and index ends; its topic's total grows.
    Lane { id: u64, index: usize, topic: usize },
    /// The topic with this account is evicted.
    Topic { account: u64, topic: usize },
}

impl Step {
    const fn encode(self) -> u64 {
        match self {
            Self::Lane { id, index, topic } => id << 24 | (topic as u64) << 16 | (index as u64) << 8 | 1,
            Self::Topic { account, topic } => account << 24 | (topic as u64) << 16 | 2,
        }
    }

    const fn decode(word: u64) -> Option<Self> {
        let (id, topic, index) = (word >> 24, (word >> 16 & 0xff) as usize, (word >> 8 & 0xff) as usize);
        match word & 0xff {
            _ if topic >= TOPICS_MAX => None,
            1 => Some(Self::Lane { id, index, topic }),
            2 => Some(Self::Topic { account: id, topic }),
            _ => None,
        }
    }
}

const _: () = assert!(LANES_MAX <= 256 && TOPICS_MAX <= 256, "eight bits each");

/// A topic's line about its ended lanes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Ended {
    /// 0 if the index is free.
    pub(crate) account: u64,
    /// Messages of lanes that ended since the name took its index.
    pub(crate) messages: u64,
}

impl Control {
    /// Frees the lane's entry and adds its `sent` messages to its topic's total. Under `bus.lock`, followed by [`Control::bump_epoch`].
    pub(crate) fn end_lane(&self, lane: &LaneEntry, sent: u64) {
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        let total = self.line(lane.topic, ENDED).load(Ordering::Relaxed).wrapping_add(sent);
        self.take_step(Step::Lane { id: lane.id, index: lane.index, topic: lane.topic }, total);
    }

    /// Frees the index `topic`, which no lane and no subscription names. Under `bus.lock`.
    pub(super) fn forget_topic(&self, topic: usize) {
        let Ended { account, messages } = self.ended(topic);
        // ORDERING: Relaxed, `bus.lock` orders its holders.
        let total = self.word(FORGOTTEN).load(Ordering::Relaxed).wrapping_add(messages);
        self.take_step(Step::Topic { account, topic }, total);
    }

    /// Completes the step of a holder of `bus.lock` that was killed; returns whether there was one. Under `bus.lock`, before anything else.
    pub(crate) fn finish_step(&self) -> bool {
        // ORDERING: Relaxed, as for the next four: `bus.lock` orders its holders.
        let (step, total) = (self.word(STEP).load(Ordering::Relaxed), self.word(STEP_TOTAL).load(Ordering::Relaxed));
        match Step::decode(step) {
            Some(Step::Lane { id, index, topic }) => {
                if self.entry(LANES, index)[STATE].load(Ordering::Relaxed) >> 8 == id {
                    self.remove_lane(index);
                }
                // ORDERING: [ENDED] Release: whoever sees the total sees that the lane is gone. Pairs with the Acquire load in `ended`.
                self.line(topic, ENDED).store(total, Ordering::Release);
            }
            Some(Step::Topic { account, topic }) => {
                if self.line(topic, ACCOUNT).load(Ordering::Relaxed) == account {
                    self.remove_topic(topic);
                }
                // ORDERING: [ENDED] Release, as above, for the topic. Pairs with the Acquire load in `forgotten`.
                self.word(FORGOTTEN).store(total, Ordering::Release);
            }
            None => {}
        }
        if step != 0 {
            self.word(STEP).store(0, Ordering::Relaxed);
        }
        step != 0
    }

    fn take_step(&self, step: Step, total: u64) {
        self.word(STEP_TOTAL).store(total, Ordering::Relaxed);
        // ORDERING: Release: a step that is seen has its total, even if this process is killed here.
        self.word(STEP).store(step.encode(), Ordering::Release);
        self.finish_step();
    }

    /// Messages that have ended at the index of `topic`. Load this before the lanes and the topics: a lane that is missing there is counted
    /// here, now or at the next look.
    pub(crate) fn ended(&self, topic: usize) -> Ended {
        let account = || self.line(topic, ACCOUNT).load(Ordering::Acquire);
        let before = account();
        // ORDERING: [ENDED] Acquire, pairs with the Release stores in `finish_step` and in `open_account`.
        let messages = self.line(topic, ENDED).load(Ordering::Acquire);
        if account() == before { Ended { account: before, messages } } else { Ended::default() }
    }

    /// Messages of evicted topics, of any name.
    pub(crate) fn forgotten(&self) -> u64 {
        // ORDERING: [ENDED] Acquire, pairs with the Release store in `finish_step`.
        self.word(FORGOTTEN).load(Ordering::Acquire)
    }

    /// Opens the account for a new topic at this index. Under `bus.lock`, before its entry is filled.
    pub(super) fn open_account(&self, topic: usize, account: u64) {
        // ORDERING: [ENDED] Release: whoever sees the account sees no total of an earlier one. Pairs with the Acquire loads in `ended`.
        self.line(topic, ENDED).store(0, Ordering::Release);
        self.line(topic, ENDED_BEFORE).store(0, Ordering::Relaxed);
        self.line(topic, ACCOUNT).store(account, Ordering::Release);
    }

    /// Records the total that had ended when the topic at this index was declared again. Under `bus.lock`, before its entry is filled.
    pub(super) fn note_declared(&self, topic: usize) {
        // ORDERING: Relaxed, published by [ENTRY].
        let ended = self.line(topic, ENDED).load(Ordering::Relaxed);
        self.line(topic, ENDED_BEFORE).store(ended, Ordering::Relaxed);
    }

    /// Marks the index `topic` as free.
    pub(super) fn close_account(&self, topic: usize) {
        // ORDERING: Release, after its entry was freed.
        self.line(topic, ACCOUNT).store(0, Ordering::Release);
    }

    #[inline]
    pub(super) fn line(&self, topic: usize, word: usize) -> &AtomicU64 {
        self.word(TOPIC_LINES.start + topic * TOPIC_LINES.stride + word)
    }
}

#[cfg(test)]
mod tests {
    use super::Step;

    #[test]
    fn a_step_is_told_from_its_word() {
        let steps = [
            Step::Lane { id: 1, index: 255, topic: 127 },
            Step::Lane { id: (1 << 40) - 1, index: 0, topic: 0 },
            Step::Topic { account: 77, topic: 5 },
        ];
        for step in steps {
            assert_eq!(Step::decode(step.encode()), Some(step));
        }
        assert_eq!([0, 3, 1 | 200 << 16].map(Step::decode), [None; 3], "no step, no kind, no such topic");
    }
}

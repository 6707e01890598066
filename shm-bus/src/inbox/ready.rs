//! Checks only those of many lanes whose ready bit is set.
//!
//! The [doorbell](crate::bell::Doorbell) sets and clears the bits: `[READY]`.
//!
//! # Invariants
//! 1. The bit of a lane with an unread message is set, or its publisher is about to set it.
//! 2. Bits of lanes that are not attached are ignored.
//! 3. While bits are kept, no two attached lanes have the same index.
//!
//! # Failure
//! A publisher that is killed or stopped between its commit and its bit leaves a message without a bit. A sleeping inbox checks every lane
//! at each wake; an inbox that only polls does so now and then.

use super::Inbox;
use super::lane::InLane;
use super::polled::POLLED_MAX;
use crate::bell::Doorbell;
use crate::layout::control::LANES_MAX;
use crate::layout::control::doorbell::READY_WORDS;
use crate::sync::Ordering;
use crate::wire::Priority;

/// Maps bits to lanes.
#[derive(Debug)]
pub(super) struct ReadyBits {
    /// For each level, the bits of its lanes.
    levels: [[u64; READY_WORDS]; 4],
    /// The bits of all lanes.
    all: [u64; READY_WORDS],
    /// The lane of the last message.
    last: Option<Last>,
    /// Number of looks that found nothing.
    idle: u32,
    /// Number of words with any lane's bit; at least 1.
    words: usize,
    /// Position among the inbox's lanes, by index in the lane table; valid only for lanes in `levels`.
    positions: [u16; LANES_MAX],
}

/// One lane: its bit and its position.
#[derive(Clone, Copy, Debug)]
struct Last {
    bit: [u64; READY_WORDS],
    position: usize,
}

impl ReadyBits {
    /// Position of the lane of the last message, if no other lane holds any.
    #[inline(always)]
    pub(super) fn only_one(&self, doorbell: Doorbell<'_>) -> Option<usize> {
        let Last { bit, position } = self.last?;
        // ORDERING: [READY] Relaxed; a bit that is seen late is seen the next time.
        let same = |word: usize| doorbell.ready()[word].load(Ordering::Relaxed) & self.all[word] == bit[word];
        (0..self.words).all(same).then_some(position)
    }

    /// Records that a message came from the lane at `position`, whose index is `index`.
    #[inline]
    fn served(&mut self, index: usize, position: usize) {
        let mut bit = [0; READY_WORDS];
        bit[index / 64] = 1 << (index % 64);
        self.last = Some(Last { bit, position });
    }
}

/// Whether two lanes have the same index in the lane table. An observer keeps reading a lane that was removed because nobody waited for it,
/// while its index may be reused.
fn share_an_index(lanes: &[InLane]) -> bool {
    let mut seen = [0_u64; READY_WORDS];
    lanes.iter().any(|lane| {
        let (word, bit) = (&mut seen[lane.index / 64], 1 << (lane.index % 64));
        let shared = *word & bit != 0;
        *word |= bit;
        shared
    })
}

impl Inbox {
    /// Makes publishers keep ready bits if there are many lanes. Call this when the lanes have changed.
    pub(super) fn keep_ready_bits(&mut self) {
        let doorbell = self.shared.control.doorbell(self.index);
        // The bit of two lanes at one index would be ambiguous.
        if self.lanes.len() <= POLLED_MAX || share_an_index(&self.lanes) {
            if self.ready.take().is_some() {
                doorbell.keep_no_longer();
            }
            return;
        }
        let none = [0; READY_WORDS];
        let mut bits =
            ReadyBits { levels: [none; 4], all: none, last: None, idle: 0, words: 1, positions: [0; LANES_MAX] };
        for (position, lane) in self.lanes.iter().enumerate() {
            let (word, bit) = (lane.index / 64, 1 << (lane.index % 64));
            bits.levels[lane.priority as usize][word] |= bit;
            bits.all[word] |= bit;
            bits.words = bits.words.max(word + 1);
            bits.positions[lane.index] = position as u16;
        }
        doorbell.keep();
        self.register_interest();
        self.shared.control.doorbell(self.index).raise_all(bits.all);
        self.ready = Some(bits);
    }

    /// The next message of `level`, which holds one; its lanes take turns.
    #[inline]
    pub(super) fn serve_ready(&mut self, level: Priority) -> Option<usize> {
        let (index, lane) = self.next_ready(level)?;
        let found = self.read_or_end(lane)?;
        self.schedule.pass(level, index);
        if let Some(bits) = &mut self.ready {
            bits.served(index, lane);
        }
        Some(found)
    }

    /// Whether a lane of `level` holds a message; clears the bits of dry ones.
    pub(super) fn level_is_ready(&mut self, level: Priority) -> bool {
        for _ in 0..=self.lanes.len() {
            match self.next_ready(level) {
                None => return false,
                Some((_, lane)) if self.is_ready(lane) => return true,
                Some(_) => {}
            }
        }
        false
    }

    /// Index and position of the lane of `level` whose bit is set and whose turn it is; here lanes take turns by index.
    #[inline]
    fn next_ready(&self, level: Priority) -> Option<(usize, usize)> {
        let bits = self.ready.as_ref()?;
        let ready = self.shared.control.doorbell(self.index).ready();
        // ORDERING: [READY] Relaxed; a bit that is seen late is seen the next time.
        let set = |word: usize| ready[word].load(Ordering::Relaxed) & bits.levels[level as usize][word];
        let index = self.schedule.next_bit(level, bits.words, set)?;
        Some((index, usize::from(bits.positions[index])))
    }

    /// Now and then checks lanes whose ready bits are clear.
    pub(super) fn look_for_missed(&mut self) {
        /// The number of empty looks before such a check.
        const IDLE_MAX: u32 = 64;
        if let Some(bits) = &mut self.ready {
            bits.idle = bits.idle.wrapping_add(1);
            if bits.idle.is_multiple_of(IDLE_MAX) {
                self.any_lane_is_ready();
            }
        }
    }

    /// Whether a lane holds a message; clears the bit of a dry one.
    fn is_ready(&mut self, lane: usize) -> bool {
        let lane = &mut self.lanes[lane];
        if lane.is_ready(&self.shared, &self.file) {
            return true;
        }
        let (shared, file) = (&self.shared, &self.file);
        shared.control.doorbell(self.index).lower(lane.index, || lane.is_ready(shared, file))
    }
}

#[cfg(test)]
mod tests {
    use crate::sync::Ordering;
    use crate::wire::{Policy, Priority};
    use crate::{Attachment, Bus, Inbox, Publisher, Start, TopicSpec};

    const WORK: TopicSpec<'_> = TopicSpec::of_numbers("work", Policy::Reject);

    /// Sends like a publisher that is killed or stopped between its commit and its bit.
    fn send_without_bit(publisher: &mut Publisher, inbox: &Inbox) {
        publisher.send(Priority::Normal, b"x").expect("room");
        for word in inbox.shared.control.doorbell(inbox.index).ready() {
            word.fetch_and(0, Ordering::Relaxed);
        }
    }

    /// An inbox with one lane more than it polls, and the lanes' publishers.
    fn inbox_of_many(bus: &Bus) -> (Inbox, Vec<Publisher>) {
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&WORK, Start::Now).expect("subscribed");
        let names = (0..=super::POLLED_MAX).map(|number| format!("p{number}"));
        let publishers =
            names.map(|name| bus.publisher(&WORK, &name, &[(Priority::Normal, 4096)]).expect("made")).collect();
        assert!(inbox.receive().expect("mapped").is_none());
        (inbox, publishers)
    }

    #[cfg(unix)]
    #[test]
    fn a_corrupt_lane_among_many_hides_no_message() {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let (mut inbox, mut publishers) = inbox_of_many(&bus);
        for publisher in &mut publishers {
            publisher.send(Priority::Normal, b"x").expect("room");
        }
        let corrupt = inbox.lanes[0].id;
        let file = folder.path().join("game").join(crate::runtime::lane_name(corrupt));
        let lane = std::fs::OpenOptions::new().write(true).open(file).expect("there");
        std::os::unix::fs::FileExt::write_all_at(&lane, &[0xff; 8], 4096).expect("written");
        for _ in 0..super::POLLED_MAX {
            assert!(inbox.receive().expect("mapped").is_some(), "all but one are intact");
        }
        assert_eq!(inbox.lanes.len(), super::POLLED_MAX, "the corrupt one was left");
    }

    #[test]
    fn a_message_whose_bit_was_never_set_is_found() {
        let bus = Bus::anonymous().expect("made");
        let (mut inbox, mut publishers) = inbox_of_many(&bus);
        send_without_bit(&mut publishers[4], &inbox);
        assert!(inbox.wait_timeout(std::time::Duration::ZERO).expect("can wait"));
        assert!(inbox.receive().expect("mapped").is_some(), "the message that woke `wait` is received");
        send_without_bit(&mut publishers[4], &inbox);
        let found = (0..200).any(|_| inbox.receive().expect("mapped").is_some());
        assert!(found, "an inbox that never waits finds it, too");
    }
}

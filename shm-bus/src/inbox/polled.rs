//! Polls a few lanes one by one.
//!
//! A polling reader usually finds nothing, and the latency of the message that it finally finds matters. So a look takes few steps, and
//! none of them depends on which lane holds a message. In a stream the next message usually comes from the same lane as the last one: that
//! lane is checked first, and the others only for whether they rest.

use super::Inbox;
use super::lane::InLane;
use crate::schedule::Levels;
use crate::wire::Priority;

/// Result of a look at each lane.
#[derive(Clone, Copy, Debug)]
pub(super) struct Seen {
    /// The levels that hold a message.
    pub(super) waiting: Levels,
    /// Position of the lane that holds a message, if there is exactly one.
    pub(super) only: Option<usize>,
}

/// Maximum number of lanes that are polled one by one.
pub(super) const POLLED_MAX: usize = 8;

impl Inbox {
    /// Checks which lanes hold a message. Publishes this inbox's position to the publishers of dry ones.
    #[inline]
    pub(super) fn look_at_each(&mut self) -> Seen {
        let (mut waiting, mut holding, mut last, mut all_told) = (Levels::default(), 0_usize, 0, true);
        for (position, lane) in self.lanes.iter_mut().enumerate() {
            lane.holds = lane.reader.holds();
            waiting.add_if(lane.holds, lane.priority);
            holding += usize::from(lane.holds);
            last = if lane.holds { position } else { last };
            all_told &= lane.holds | lane.reader.has_told();
        }
        if !all_told {
            self.tell_of_dry();
        }
        Seen { waiting, only: (holding == 1).then_some(last) }
    }

    /// Takes the next message of the lane that gave the last one, if no other lane holds any. If not, nothing has happened.
    #[inline]
    pub(super) fn take_from_last(&mut self) -> Option<usize> {
        let last = self.last;
        if !self.lanes.get(last)?.reader.is_committed() {
            return None;
        }
        let rests = |(position, lane): (usize, &InLane)| position == last || lane.reader.is_at_rest();
        if !self.lanes.iter().enumerate().all(rests) {
            return None;
        }
        let lane = &mut self.lanes[last];
        lane.take_usual(&mut self.payload, &self.shared, &self.file).then(|| {
            self.schedule.served_alone(lane.priority);
            last
        })
    }

    #[inline(never)]
    fn tell_of_dry(&mut self) {
        for lane in self.lanes.iter_mut().filter(|lane| !lane.holds) {
            lane.tell(&self.shared, &self.file);
        }
    }

    /// The next message of `level`, after a look at each of its lanes, which take turns.
    #[inline]
    pub(super) fn serve_polled(&mut self, level: Priority) -> Option<usize> {
        let Self { schedule, lanes, .. } = self;
        let (lane, ()) = schedule.in_turn(level, |lane| lanes[lane].holds.then_some(()))?;
        self.read_or_end(lane)
    }
}

#[cfg(test)]
mod tests {
    use crate::wire::{Policy, Priority};
    use crate::{Attachment, Bus, Start, TopicSpec};

    const WORK: TopicSpec<'_> = TopicSpec::of_numbers("work", Policy::Reject);

    #[test]
    fn a_lane_that_is_read_dry_has_its_room_again_while_another_one_streams() {
        let bus = Bus::anonymous().expect("made");
        let lanes = [(Priority::High, 4096), (Priority::Normal, 4096)];
        let mut publisher = bus.publisher(&WORK, "p", &lanes).expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&WORK, Start::Now).expect("subscribed");
        let mut send = |level| publisher.send(level, &[0; 64]).is_ok();
        let mut receive = || inbox.receive().expect("mapped").map(|delivery| delivery.priority);
        // Less than an eighth of the ring, so that only a look at the dry lane tells its publisher.
        assert!((0..5).all(|_| send(Priority::High)) && (0..4).all(|_| send(Priority::Normal)));
        let received: Vec<_> = (0..8).filter_map(|_| receive()).collect();
        assert_eq!(received, [[Priority::High; 5].as_slice(), &[Priority::Normal; 3]].concat());
        // The padding at the ring's end and the zero word behind the last record take less than two records.
        assert!((0..4096 / 96 - 1).all(|_| send(Priority::High)));
    }

    #[test]
    fn a_lane_that_is_read_dry_has_its_room_again_although_a_new_lane_moves_its_neighbour_to_its_index() {
        const NORMAL: &[(Priority, u32)] = &[(Priority::Normal, 4096)];
        let bus = Bus::anonymous().expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&WORK, Start::Now).expect("subscribed");
        let [mut streams, mut pauses] = ["b", "c"].map(|name| bus.publisher(&WORK, name, NORMAL).expect("made"));
        let mut receive = || inbox.receive().expect("mapped").map(|delivery| delivery.publisher.to_owned());
        streams.send(Priority::Normal, &[0; 64]).expect("room");
        assert_eq!(receive().as_deref(), Some("b"));
        // Less than an eighth of the ring, so that only a look at the dry lane tells its publisher.
        assert!((0..5).all(|_| pauses.send(Priority::Normal, &[0; 64]).is_ok()));
        assert!((0..5).all(|_| receive().as_deref() == Some("c")));
        let _sorted_first = bus.publisher(&WORK, "a", NORMAL).expect("made");
        assert!((0..3).all(|_| streams.send(Priority::Normal, &[0; 64]).is_ok()));
        assert!((0..3).all(|_| receive().as_deref() == Some("b")));
        // The padding at the ring's end and the zero word behind the last record take less than two records.
        assert!((0..4096 / 96 - 1).all(|_| pauses.send(Priority::Normal, &[0; 64]).is_ok()));
    }
}

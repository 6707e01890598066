//! The claim of one message, as a word.
//!
//! ```text
//! 63            43 42                    19 18          11 10          3 2     0
//! +---------------+------------------------+--------------+-------------+-------+
//! | lap           | id of the owner        | its index    | deliveries  | state |
//! +---------------+------------------------+--------------+-------------+-------+
//! ```
//! The lap is the message's sequence divided by the number of claims. The owner is an entry in the table of inboxes, with the low bits of
//! its id, as entries are reused. Pure: knows the possible changes, not who makes them.
//!
//! # Failure
//! Nobody may change a word with an unknown state: its message is lost, and blocks its lane's producer.

/// Bits of a lap.
const LAP_BITS: u32 = 21;
const LAP: u32 = (1 << LAP_BITS) - 1;
const LAP_SHIFT: u32 = 43;
const ID_SHIFT: u32 = 19;
const ID: u64 = (1 << 24) - 1;
const INDEX_SHIFT: u32 = 11;
const DELIVERIES_SHIFT: u32 = 3;

/// Who holds a message.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Owner {
    /// Index in the table of inboxes.
    pub(crate) index: u8,
    /// Low 24 bits of its id.
    id: u32,
}

impl Owner {
    /// The worker `id` at `index` of the table of inboxes.
    pub(crate) const fn new(index: usize, id: u64) -> Self {
        Self { index: index as u8, id: (id & ID) as u32 }
    }
}

/// State of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum State {
    /// Not sent yet.
    Empty = 0,
    /// Waits for a worker.
    Free = 1,
    /// A worker holds it.
    Claimed = 2,
    /// Done, needed no more.
    Done = 3,
    /// Given back too often: a dead letter.
    Dead = 4,
}

/// An event of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Event {
    /// Its producer has sent it, in this lap.
    Publish(u32),
    /// A worker takes it.
    Claim(Owner),
    /// A worker takes it though it is a dead letter.
    ClaimDead(Owner),
    /// Its owner is done with it.
    Finish(Owner),
    /// It is given back, by its owner or by whoever detected the owner's death; after this many deliveries it becomes a dead letter.
    Return(Owner, u8),
    /// Its owner gives it back as if it had never been delivered.
    Renew(Owner),
    /// Its producer needs the room of a dead letter.
    Expire,
}

/// A decoded claim word.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ClaimWord {
    pub(crate) state: State,
    /// Number of deliveries.
    pub(crate) deliveries: u8,
    /// The holder; meaningless unless the message is claimed.
    pub(crate) owner: Owner,
    /// In `0 .. 2^21`.
    pub(crate) lap: u32,
}

impl ClaimWord {
    pub(crate) const fn encode(self) -> u64 {
        self.state as u64
            | (self.deliveries as u64) << DELIVERIES_SHIFT
            | (self.owner.index as u64) << INDEX_SHIFT
            | (self.owner.id as u64) << ID_SHIFT
            | (self.lap as u64) << LAP_SHIFT
    }

    pub(crate) const fn decode(word: u64) -> Option<Self> {
        let state = match word & 7 {
            0 => State::Empty,
            1 => State::Free,
            2 => State::Claimed,
            3 => State::Done,
            4 => State::Dead,
            _ => return None,
        };
        let owner = Owner { index: (word >> INDEX_SHIFT) as u8, id: (word >> ID_SHIFT & ID) as u32 };
        Some(Self { state, deliveries: (word >> DELIVERIES_SHIFT) as u8, owner, lap: (word >> LAP_SHIFT) as u32 })
    }

    /// The word after `event`, or `None` if the event can't happen in this state.
    pub(crate) fn on(self, event: Event) -> Option<Self> {
        let nobody = Owner::default();
        match (self.state, event) {
            (State::Empty, Event::Publish(lap)) => Some(Self { state: State::Free, deliveries: 0, owner: nobody, lap }),
            (State::Done, Event::Publish(lap)) if lap_before(lap) == self.lap => {
                Some(Self { state: State::Free, deliveries: 0, owner: nobody, lap })
            }
            (State::Free, Event::Claim(owner)) => {
                Some(Self { state: State::Claimed, deliveries: self.deliveries.saturating_add(1), owner, ..self })
            }
            (State::Dead, Event::ClaimDead(owner)) => Some(Self { state: State::Claimed, owner, ..self }),
            (State::Claimed, Event::Finish(owner)) if owner == self.owner => {
                Some(Self { state: State::Done, owner: nobody, ..self })
            }
            (State::Claimed, Event::Return(owner, deliveries_max)) if owner == self.owner => {
                let state = if self.deliveries < deliveries_max { State::Free } else { State::Dead };
                Some(Self { state, owner: nobody, ..self })
            }
            (State::Claimed, Event::Renew(owner)) if owner == self.owner => {
                Some(Self { state: State::Free, deliveries: 0, owner: nobody, ..self })
            }
            (State::Dead, Event::Expire) => Some(Self { state: State::Done, ..self }),
            _ => None,
        }
    }
}

/// The lap of `sequence` among `1 << claims_log2` claims.
#[inline]
pub(crate) const fn lap_of(sequence: u64, claims_log2: u32) -> u32 {
    (sequence >> claims_log2) as u32 & LAP
}

/// The lap before `lap`.
#[inline]
pub(crate) const fn lap_before(lap: u32) -> u32 {
    lap.wrapping_sub(1) & LAP
}

#[cfg(all(test, not(loom)))]
mod tests {
    use super::{ClaimWord, Event, LAP, Owner, State};

    const A: Owner = Owner::new(1, 0x1234_5678);
    const B: Owner = Owner::new(1, 0x1234_5679);

    fn at(state: State, deliveries: u8, owner: Owner) -> ClaimWord {
        ClaimWord { state, deliveries, owner, lap: 7 }
    }

    #[test]
    fn every_field_comes_back() {
        for state in [State::Empty, State::Free, State::Claimed, State::Done, State::Dead] {
            for owner in [Owner::default(), Owner::new(255, u64::MAX)] {
                for (deliveries, lap) in [(0, 0), (255, LAP), (1, 1)] {
                    let word = ClaimWord { state, deliveries, owner, lap };
                    assert_eq!(ClaimWord::decode(word.encode()), Some(word));
                }
            }
        }
        assert_eq!(ClaimWord::decode(5), None);
        assert_eq!(ClaimWord::decode(u64::MAX), None);
    }

    #[test]
    fn only_these_changes_exist() {
        let nobody = Owner::default();
        let free = at(State::Free, 1, nobody);
        let held = at(State::Claimed, 2, A);
        let rows = [
            (at(State::Empty, 0, nobody), Event::Publish(7), Some(at(State::Free, 0, nobody))),
            (ClaimWord { lap: 6, ..at(State::Done, 3, nobody) }, Event::Publish(7), Some(at(State::Free, 0, nobody))),
            (at(State::Done, 3, nobody), Event::Publish(7), None),
            (at(State::Dead, 3, nobody), Event::Publish(8), None),
            (held, Event::Publish(8), None),
            (free, Event::Claim(A), Some(held)),
            (held, Event::Claim(B), None),
            (at(State::Done, 2, nobody), Event::Claim(A), None),
            (at(State::Dead, 2, nobody), Event::Claim(A), None),
            (at(State::Dead, 2, nobody), Event::ClaimDead(A), Some(held)),
            (free, Event::ClaimDead(A), None),
            (held, Event::Finish(A), Some(at(State::Done, 2, nobody))),
            (held, Event::Finish(B), None),
            (held, Event::Return(A, 3), Some(at(State::Free, 2, nobody))),
            (held, Event::Return(A, 2), Some(at(State::Dead, 2, nobody))),
            (held, Event::Return(B, 3), None),
            (held, Event::Renew(A), Some(at(State::Free, 0, nobody))),
            (held, Event::Renew(B), None),
            (at(State::Dead, 2, nobody), Event::Expire, Some(at(State::Done, 2, nobody))),
            (held, Event::Expire, None),
        ];
        for (word, event, expected) in rows {
            assert_eq!(word.on(event), expected, "{word:?} on {event:?}");
        }
    }

    #[test]
    fn laps_wrap() {
        let last = ClaimWord { lap: LAP, ..at(State::Done, 0, Owner::default()) };
        assert_eq!(last.on(Event::Publish(0)).map(|word| word.lap), Some(0));
    }
}

//! What happens to a message for which a lane has no room, when nothing more is waited for.

use super::{OutLane, SendError};
use crate::lane::Refusal;
use crate::layout::lane::Tally;
use crate::wire::Policy;

impl<G> OutLane<G> {
    /// Counts a message of `len` bytes that was refused, and returns why it was not sent. `full` is the error of a full lane.
    pub(crate) fn refuse(&self, len: usize, refusal: Refusal, policy: Policy, full: SendError) -> SendError {
        let too_long = SendError::TooLong { len, max: self.writer.geometry().payload_max() };
        let (tally, error) = outcome(refusal, policy, too_long, full);
        self.writer.tally(tally, 1);
        error
    }
}

const fn outcome(refusal: Refusal, policy: Policy, too_long: SendError, full: SendError) -> (Tally, SendError) {
    match (refusal, policy) {
        (Refusal::TooLong, _) => (Tally::Rejected, too_long),
        (Refusal::Corrupt, _) => (Tally::Rejected, SendError::Corrupt),
        (Refusal::Full, Policy::Block { timeout_ms }) => (Tally::TimedOut, SendError::TimedOut { timeout_ms }),
        (Refusal::Full, Policy::DropNewest) => (Tally::Dropped, full),
        (Refusal::Full, _) => (Tally::Rejected, full),
    }
}

#[cfg(test)]
mod tests {
    use super::outcome;
    use crate::SendError;
    use crate::lane::Refusal::{Corrupt, Full, TooLong};
    use crate::layout::lane::Tally::{Dropped, Rejected, TimedOut};
    use crate::wire::Policy;

    #[test]
    fn the_policy_decides_what_happens_in_a_full_lane_only() {
        let too_long = SendError::TooLong { len: 9, max: 8 };
        let full = SendError::QueueFull { outstanding: 1, capacity: 4096 };
        let block = Policy::Block { timeout_ms: 7 };
        let rows = [
            (Full, Policy::Reject, (Rejected, full)),
            (Full, block, (TimedOut, SendError::TimedOut { timeout_ms: 7 })),
            (Full, Policy::DropNewest, (Dropped, full)),
            (Full, Policy::DropOldest, (Rejected, full)),
            (Full, Policy::Latest, (Rejected, full)),
            (Full, Policy::EvictLaggard, (Rejected, full)),
            (TooLong, Policy::Reject, (Rejected, too_long)),
            (TooLong, block, (Rejected, too_long)),
            (TooLong, Policy::DropNewest, (Rejected, too_long)),
            (Corrupt, Policy::Reject, (Rejected, SendError::Corrupt)),
            (Corrupt, block, (Rejected, SendError::Corrupt)),
            (Corrupt, Policy::DropNewest, (Rejected, SendError::Corrupt)),
        ];
        for (refusal, policy, expected) in rows {
            assert_eq!(outcome(refusal, policy, too_long, full), expected, "{refusal:?} {policy:?}");
        }
    }
}

//! How a reader follows its lane: depends on the lane's policy, and on whether its inbox is waited for.

use crate::wire::Policy;

/// See the module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mode {
    /// The writer waits for it: nothing is overwritten before it was read.
    Gating,
    /// May be overtaken; continues at the oldest record, and the gap counts as lost.
    Lapping,
    /// Like `Lapping`, and skips to the newest record.
    Latest,
    /// Leaves the lane when it is overtaken.
    Evictable,
}

impl Mode {
    /// The mode for a lane of `policy` in an inbox that publishers wait for (`gating`) or not.
    pub(crate) const fn of(policy: Policy, gating: bool) -> Self {
        match policy {
            Policy::Latest => Self::Latest,
            Policy::EvictLaggard if gating => Self::Evictable,
            _ if policy.gates() && gating => Self::Gating,
            _ => Self::Lapping,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Mode;
    use crate::wire::Policy;

    #[test]
    fn every_policy_has_its_mode() {
        let rows = [
            (Policy::Reject, Mode::Gating, Mode::Lapping),
            (Policy::Block { timeout_ms: 1 }, Mode::Gating, Mode::Lapping),
            (Policy::DropNewest, Mode::Gating, Mode::Lapping),
            (Policy::DropOldest, Mode::Lapping, Mode::Lapping),
            (Policy::Latest, Mode::Latest, Mode::Latest),
            (Policy::EvictLaggard, Mode::Evictable, Mode::Lapping),
        ];
        for (policy, gating, observer) in rows {
            assert_eq!((Mode::of(policy, true), Mode::of(policy, false)), (gating, observer), "{policy:?}");
        }
    }
}

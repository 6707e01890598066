//! Names each step of the lane protocol that a loom model leaves out to prove that it is needed.
//!
//! # Invariants
//! 1. Outside `cfg(loom)`, [`mutated`] is `false` at compile time and costs nothing.

/// One step left out or weakened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Mutation {
    /// No zero is stored behind a record.
    NoTerminator,
    /// The zero is stored after the commit word.
    LateTerminator,
    /// Room is made for the record but not for the zero behind it.
    RoomWithoutHeader,
    /// The commit word is stored Relaxed.
    RelaxedCommit,
    /// The reader does not fence after it saw a commit word.
    NoCommitFence,
    /// The cursor is stored Relaxed.
    RelaxedCursor,
    /// The writer does not fence between announcing `oldest` and scanning cursors.
    NoAnnounceFence,
    /// The writer does not scan cursors again after announcing.
    NoRescan,
    /// The joiner does not fence between publishing its cursor and reading `oldest`.
    NoJoinFence,
    /// A lapped reader does not fence between its copy and `oldest`.
    NoLapFence,
    /// A reader that does not gate never checks `oldest`.
    NoLapCheck,
    /// A batch's first commit word is stored at once, the others after it.
    RevealFirst,
    /// The position of the newest message is stored Relaxed.
    RelaxedLatest,
    /// The reader does not fence after it saw where the newest message is.
    NoLatestFence,
    /// The inbox does not fence between clearing a ready bit and its second look at the lane.
    NoClearFence,
    /// The inbox does not check a lane again after clearing its ready bit.
    NoSecondLook,
    /// An inbox that registers its interest does not fence before its next look at the lanes.
    NoInterestFence,
    /// A sleeper does not fence between its mark and its last look.
    NoSleeperFence,
    /// A waker does not fence between its store and its look at the bell.
    NoWakerFence,
    /// A worker takes and ends claims by a plain store.
    ClaimWithoutCompare,
    /// A message is made free for workers by a Relaxed exchange.
    RelaxedPublish,
    /// A worker takes a message by a Relaxed exchange.
    RelaxedClaim,
    /// A worker loads claims Relaxed.
    RelaxedLook,
    /// A worker ends its claim by a Relaxed exchange.
    RelaxedDone,
    /// The producer loads Relaxed whether a claim is vacant.
    RelaxedVacancy,
    /// A message's return is counted Relaxed.
    RelaxedReturn,
    /// A worker loads the number of returned messages Relaxed.
    RelaxedReturned,
    /// A message's return is counted before the message is free.
    ReturnNotedFirst,
}

#[cfg(not(loom))]
#[inline]
pub(crate) const fn mutated(_: Mutation) -> bool {
    false
}

#[cfg(loom)]
std::thread_local! {
    static ACTIVE: std::cell::Cell<Option<Mutation>> = const { std::cell::Cell::new(None) };
}

#[cfg(loom)]
pub(crate) fn mutated(mutation: Mutation) -> bool {
    ACTIVE.get() == Some(mutation)
}

/// Runs a part of a model without a mutation: a part that is not of interest, but takes the same step.
#[cfg(loom)]
pub(crate) fn unmutated<T>(part: impl FnOnce() -> T) -> T {
    let mutation = ACTIVE.take();
    let outcome = part();
    ACTIVE.set(mutation);
    outcome
}

/// Runs `model` with one step left out; the switch is thread-local, as loom runs all of a model on one OS thread.
#[cfg(loom)]
pub(crate) fn with_mutation(mutation: Option<Mutation>, model: impl FnOnce()) {
    ACTIVE.set(mutation);
    model();
}

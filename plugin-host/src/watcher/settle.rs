//! "Has this file settled?": the watcher's pure state machine for one file.
//!
//! It gets what was seen of one file and the time; it reads no file, no clock and no channel. The caller feeds each [`Input`] with the time
//! at which it happened, keeps the new [`Phase`], and does what [`Phase::next`] says.
//!
//! ```text
//!          Created, Modified, Changed         deadline, there
//!  Absent ──────────────────────► Settling ────────────────► Due ──Settled──► Idle
//!    ▲                               ▲                        │ ▲               │
//!    │ deadline, missing             │ Created,  Incomplete,  │ │deadline,      │ CloseWritten, RenamedTo,
//!    │ (event Removed)               │ Modified,   Postponed  ▼ │there          │ Found ──► Due
//!  Vanished ◄──────Removed, or missing at a deadline─────── Retrying           (from any phase)
//!                                    └── Changed
//! ```
//! From any phase but `Absent`, `OutOfReach` leads to `Idle`: the name still exists in the folder, so nothing was removed.
//!
//! # Invariants
//! 1. [`Verdict::Removed`] is reported only if the file was missing for the whole of [`Timing::gone`].
//! 2. An unchanged file is found incomplete at most `1 + Timing::retries.len()` times.
//! 3. Every phase but `Absent` and `Idle` has a [`Next`] that is not `Nothing`: no file is forgotten.
//!
//! # Failure
//! A try that found the file incomplete is repeated after each of [`Timing::retries`]; then the table returns [`Verdict::GiveUp`] once and
//! waits for the file to change. A try that the host could not make is repeated after each [`Timing::postponed`], without a limit.

use std::time::{Duration, Instant};

use crate::image::copy::ContentHash;

/// Delays of the state machine.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Timing {
    /// From a lone creation (cargo's hard link) to the try.
    pub(crate) settle: Duration,
    /// From the last modification to the try, if no close-write comes.
    pub(crate) quiet: Duration,
    /// From a change that was found by looking to the try, if the file then stays as it is.
    pub(crate) looked: Duration,
    /// From the removal until it is reported.
    pub(crate) gone: Duration,
    /// Like `gone`, for files missing from a folder that has replaced the former one: somebody may be filling it.
    pub(crate) renewed: Duration,
    /// Between two tries that the host could not make.
    pub(crate) postponed: Duration,
    /// Between two looks at the folder.
    pub(crate) look: Duration,
    /// Before the second, third, … try of an incomplete file.
    pub(crate) retries: [Duration; 4],
}

impl Timing {
    /// The values for this platform.
    ///
    /// inotify reports when a writer closes the file, so on Linux the quiet period only covers a writer that never closes; elsewhere it is
    /// the only sign that the writer has finished.
    pub(crate) const PLATFORM: Self = Self {
        settle: Duration::from_millis(15),
        quiet: Duration::from_millis(if cfg!(target_os = "linux") { 1000 } else { 50 }),
        looked: Duration::from_millis(100),
        gone: Duration::from_millis(500),
        renewed: Duration::from_secs(1),
        postponed: Duration::from_secs(1),
        look: Duration::from_millis(200),
        retries: [
            Duration::from_millis(20),
            Duration::from_millis(50),
            Duration::from_millis(100),
            Duration::from_millis(200),
        ],
    };
}

/// A change of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Input {
    /// It is in the folder (first scan, rescan, or a requested try).
    Found,
    /// Its name appeared, by creation or hard link.
    Created,
    /// Its content changed; the writer may not have finished.
    Modified,
    /// A writer closed it.
    CloseWritten,
    /// Another file was renamed to its name.
    RenamedTo,
    /// A look found another file, or another state of the file, than the last look.
    Changed,
    /// Its name disappeared, by removal or by renaming it away.
    Removed,
    /// It is missing from a folder that has replaced the former one.
    NotRenewed,
    /// Its name exists in the folder but leads to no readable file: a link whose target is missing.
    OutOfReach,
    /// The deadline of [`Next::Wait`] has come.
    Deadline {
        /// Whether the file is in the folder now.
        present: bool,
    },
    /// The try ended with a final result: accepted, refused or unchanged.
    Settled,
    /// The try found the file incomplete.
    Incomplete,
    /// The host could not make the try, whatever the file's content.
    Postponed,
}

/// Phase of one file.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Not in the folder, as far as is known.
    #[default]
    Absent,
    /// Tried; nothing to do until it changes.
    Idle,
    /// Changing, or new.
    Settling {
        /// When to try it unless something else happens.
        until: Instant,
    },
    /// To be tried now, or being tried.
    Due {
        /// Tries that found this content incomplete, in `0 ..= retries.len()`.
        failed: u8,
    },
    /// Found incomplete, or not tried; to be retried.
    Retrying {
        /// When to try again.
        until: Instant,
        /// Tries that found this content incomplete, in `0 ..= retries.len()`.
        failed: u8,
    },
    /// Missing, but perhaps only between a removal and a creation.
    Vanished {
        /// When to report the removal.
        until: Instant,
    },
}

/// The caller's next action for the file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Next {
    /// Wait for an event.
    Nothing,
    /// Look at the file and feed [`Input::Deadline`] at this time unless another input comes first.
    Wait(Instant),
    /// Try the file, then feed [`Input::Settled`], [`Input::Incomplete`] or [`Input::Postponed`].
    TryNow,
}

/// The result of an input.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The file was removed.
    Removed,
    /// The file stays incomplete; it is refused until it changes.
    GiveUp,
}

impl Phase {
    /// The phase after `input`, and what the input establishes.
    ///
    /// Unexpected inputs (an outcome without a try) leave the phase unchanged.
    pub(crate) fn on(self, input: Input, now: Instant, timing: &Timing) -> (Self, Option<Verdict>) {
        match (input, self) {
            (Input::Found, Self::Absent | Self::Idle | Self::Vanished { .. })
            | (Input::CloseWritten | Input::RenamedTo, _)
            | (Input::Deadline { present: true }, Self::Settling { .. } | Self::Vanished { .. }) => {
                (Self::Due { failed: 0 }, None)
            }
            (Input::Deadline { present: true }, Self::Retrying { failed, .. }) => (Self::Due { failed }, None),
            // A look found the file before its event arrived: the pending try needs no delay.
            (Input::Created, Self::Due { .. }) => (Self::Due { failed: 0 }, None),
            (Input::Created, _) => (Self::Settling { until: now + timing.settle }, None),
            (Input::Modified, _) => (Self::Settling { until: now + timing.quiet }, None),
            // Keeps the deadline that its events set, but nobody tries a file that is still changing.
            (Input::Changed, Self::Settling { until }) => {
                (Self::Settling { until: until.max(now + timing.looked) }, None)
            }
            (Input::Changed, Self::Absent | Self::Idle | Self::Vanished { .. } | Self::Retrying { .. }) => {
                (Self::Settling { until: now + timing.looked }, None)
            }
            (Input::OutOfReach, _) => (Self::Idle, None),
            (Input::NotRenewed, Self::Absent) => (Self::Absent, None),
            (Input::NotRenewed, _) => (Self::Vanished { until: now + timing.renewed }, None),
            (Input::Deadline { present: false }, Self::Vanished { .. }) => (Self::Absent, Some(Verdict::Removed)),
            (Input::Removed, Self::Idle | Self::Settling { .. } | Self::Due { .. } | Self::Retrying { .. })
            | (Input::Deadline { present: false }, Self::Settling { .. } | Self::Retrying { .. }) => {
                (Self::Vanished { until: now + timing.gone }, None)
            }
            (Input::Settled, Self::Due { .. }) => (Self::Idle, None),
            (Input::Incomplete, Self::Due { failed }) => match timing.retries.get(usize::from(failed)) {
                Some(&pause) => (Self::Retrying { until: now + pause, failed: failed + 1 }, None),
                None => (Self::Idle, Some(Verdict::GiveUp)),
            },
            (Input::Postponed, Self::Due { failed }) => {
                (Self::Retrying { until: now + timing.postponed, failed }, None)
            }
            (
                Input::Found
                | Input::Changed
                | Input::Removed
                | Input::Deadline { .. }
                | Input::Settled
                | Input::Incomplete
                | Input::Postponed,
                phase,
            ) => (phase, None),
        }
    }

    /// The next action in this phase.
    pub(crate) const fn next(self) -> Next {
        match self {
            Self::Absent | Self::Idle => Next::Nothing,
            Self::Settling { until } | Self::Retrying { until, .. } | Self::Vanished { until } => Next::Wait(until),
            Self::Due { .. } => Next::TryNow,
        }
    }
}

/// The contents of one file that need no second try: the last accepted and the last refused one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Known {
    accepted: Option<ContentHash>,
    refused: Option<ContentHash>,
}

impl Known {
    /// Whether this content was the last accepted or the last refused one.
    pub(crate) fn has(&self, content: ContentHash) -> bool {
        self.accepted == Some(content) || self.refused == Some(content)
    }

    /// Records that the content was accepted, now or (if it returned unchanged) before: an older refusal no longer counts.
    #[must_use]
    pub(crate) const fn accept(self, content: ContentHash) -> Self {
        Self { accepted: Some(content), refused: None }
    }

    /// Records that the content was refused; the accepted one still runs. A refusal without a content is not remembered.
    #[must_use]
    pub(crate) const fn refuse(self, content: Option<ContentHash>) -> Self {
        Self { accepted: self.accepted, refused: content }
    }

    /// Forgets the refusal, because another try was requested.
    #[must_use]
    pub(crate) const fn ask_again(self) -> Self {
        Self { accepted: self.accepted, refused: None }
    }

    /// Records that the content needed no second try.
    #[must_use]
    pub(crate) fn unchanged(self, content: ContentHash) -> Self {
        if self.accepted == Some(content) { self.accept(content) } else { self }
    }
}

#[cfg(test)]
#[path = "settle_tests.rs"]
mod tests;

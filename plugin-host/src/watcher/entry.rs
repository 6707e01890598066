//! The watcher's state for one plugin's file.

use std::ffi::OsString;
use std::time::Instant;

use super::settle::{Known, Next, Phase};
use super::sight::FileStamp;
use crate::image::copy::ContentHash;

/// State of one plugin's file.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its name.
    pub(super) file: OsString,
    pub(super) phase: Phase,
    pub(super) known: Known,
    /// The file at the last look; `None` if there was no file.
    pub(super) seen: Option<FileStamp>,
    /// The file when the last try ended.
    pub(super) tried_at: Option<FileStamp>,
    /// Content and reason of the last try, if it found the file incomplete.
    pub(super) incomplete: Option<(Option<ContentHash>, String)>,
    /// The reported reason why the host could not try it.
    pub(super) postponed: Option<String>,
    /// Whether it was tried since it appeared: only then is its removal reported.
    pub(super) tried: bool,
    /// Number of consecutive looks that found it out of reach; stops counting where that is reported.
    pub(super) out_of_reach: u8,
}

impl Entry {
    pub(super) fn deadline(&self) -> Option<Instant> {
        match self.phase.next() {
            Next::Wait(until) => Some(until),
            Next::Nothing | Next::TryNow => None,
        }
    }

    pub(super) fn is_due(&self, plugin: &str, now: Instant) -> Option<String> {
        self.deadline().is_some_and(|until| until <= now).then(|| plugin.to_owned())
    }
}

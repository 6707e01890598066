//! What the watcher remembers of one plugin's file.

use std::ffi::OsString;
use std::time::Instant;

use super::settle::{Known, Next, Phase};
use super::sight::FileStamp;
use crate::image::copy::ContentHash;

/// What is known of one plugin's file.
#[derive(Debug, Default)]
pub(super) struct Entry {
    /// Its name.
    pub(super) file: OsString,
    pub(super) phase: Phase,
    pub(super) known: Known,
    /// What the last look saw; `None` if that was no file.
    pub(super) seen: Option<FileStamp>,
    /// What stood there when the last try ended.
    pub(super) tried_at: Option<FileStamp>,
    /// Why the last try found the file incomplete, and with what content.
    pub(super) incomplete: Option<(Option<ContentHash>, String)>,
    /// Why the host could not try it, as it was told.
    pub(super) postponed: Option<String>,
    /// Whether it was ever tried since it appeared: only then is its removal told.
    pub(super) tried: bool,
    /// Looks in a row that found it out of reach, up to the number at which that is told.
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

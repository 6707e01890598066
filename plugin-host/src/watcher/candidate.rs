//! The watcher's question to the host, one settled file at a time, and the host's answer.

use std::path::Path;

use super::settle::Known;
use crate::causes::with_causes;
use crate::image::copy::ContentHash;

/// A settled file for the host to try.
#[derive(Debug)]
pub struct Candidate<'a> {
    /// The plugin's name, from the file name.
    pub plugin: &'a str,
    /// The watched file. It may only be read; never loaded, linked or renamed.
    pub path: &'a Path,
    pub(super) known: Known,
}

impl Candidate<'_> {
    /// Whether this content is the last accepted or the last refused one of this file, and no retry was requested: the host then answers
    /// [`Attempt::Unchanged`].
    #[must_use]
    pub fn knows(&self, content: ContentHash) -> bool {
        self.known.has(content)
    }
}

/// Outcome of a try.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub enum Attempt {
    /// The content is accepted.
    Done {
        /// The content.
        content: ContentHash,
    },
    /// [`Candidate::knows`] the content; nothing was done.
    Unchanged {
        /// The content.
        content: ContentHash,
    },
    /// The file is not complete yet: try it again soon.
    Incomplete {
        /// The content, if it could be read.
        content: Option<ContentHash>,
        /// Why, for the message if it stays incomplete.
        reason: String,
    },
    /// The content is refused until the file changes, is copied again or touched.
    Refused {
        /// The content, if it could be read; without it, a later event retries the same content.
        content: Option<ContentHash>,
        /// Why, for a person.
        reason: String,
    },
    /// The host can't try any file now, whatever its content: try again later.
    Postponed {
        /// Why, for a person.
        reason: String,
    },
}

impl Attempt {
    /// The outcome of a try that ended with `error`; its sources become part of the reason.
    pub fn failed(content: Option<ContentHash>, is_incomplete: bool, error: &dyn std::error::Error) -> Self {
        let reason = with_causes(error);
        if is_incomplete { Self::Incomplete { content, reason } } else { Self::Refused { content, reason } }
    }

    /// The outcome of a try that the host could not make because of `error`.
    pub fn postponed(error: &dyn std::error::Error) -> Self {
        Self::Postponed { reason: with_causes(error) }
    }
}

/// The host's function that tries a settled file; it runs on the watcher's thread.
pub type TryFile = Box<dyn FnMut(&Candidate<'_>) -> Attempt + Send>;

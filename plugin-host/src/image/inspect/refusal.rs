//! Why a plugin's file can't be loaded, in words for a person.

use std::io;
use std::path::PathBuf;

use object::BinaryFormat;
use plugin_sdk::abi::ENTRY;

use crate::image::shortage::remedy;

/// A file that can't be loaded, and why.
#[derive(Debug, thiserror::Error)]
#[error("{}: {refusal}", file.display())]
pub struct InspectError {
    /// The watched file.
    pub file: PathBuf,
    /// The reason; part of the message.
    pub refusal: Refusal,
}

impl InspectError {
    /// Whether the file may just be unfinished, so that a retry a little later may succeed.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        self.refusal.is_incomplete()
    }
}

/// Why a file can't be loaded.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum Refusal {
    /// The copy can't be read.
    #[error("its copy cannot be read: {}", unreadable(.0))]
    Unreadable(#[source] io::Error),
    /// The file ends too early.
    #[error("it is incomplete: {part} ends at byte {end}, the file at byte {len}")]
    Truncated {
        /// The part beyond the end of the file.
        part: &'static str,
        /// The end of that part.
        end: u64,
        /// The length of the file.
        len: u64,
    },
    /// The file's tables don't parse.
    #[error("it is incomplete or damaged: {0}")]
    Malformed(#[source] object::Error),
    /// The file is not a library of this platform.
    #[error("it is {found}, not a dynamic library of this platform ({expected:?})")]
    Format {
        /// The kind of file that was found.
        found: &'static str,
        /// The expected format.
        expected: BinaryFormat,
    },
    /// It is built for another processor.
    #[error("it is built for {found}, this host for {expected}")]
    Architecture {
        /// The processor that it is built for.
        found: String,
        /// The host's processor.
        expected: String,
    },
    /// It lacks the entry function.
    #[error("it does not export `{ENTRY}`: it is not a Hotframe plugin (is #[plugin] missing?)")]
    NoEntry,
    /// It lacks the section.
    #[error("it has no section `{0}`: it is not a Hotframe plugin, or the section was stripped")]
    NoSection(&'static str),
    /// The section has no plugin record.
    #[error("its section has no plugin record (is #[plugin] missing?)")]
    NoRecord,
    /// The section can't be read.
    #[error("its section is damaged: {0}")]
    Record(#[from] RecordError),
    /// The section has two plugin records.
    #[error("it holds more than one plugin: a plugin's crate cannot be a dependency of another")]
    SeveralPlugins,
    /// It is built for another ABI version than the host's.
    #[error("it is built for ABI version {found}, this host has {expected}: rebuild it with this SDK")]
    Abi {
        /// The plugin's version.
        found: u32,
        /// The host's version.
        expected: u32,
    },
    /// It is built to abort on panic.
    #[error("it is built with panic = \"abort\": a panic in it would end the host; build it with panic = \"unwind\"")]
    PanicAbort,
    /// It is linked to a shared standard library.
    #[error("it needs {library}: build it without -C prefer-dynamic")]
    SharedStd {
        /// The shared library.
        library: String,
    },
}

fn unreadable(error: &io::Error) -> String {
    remedy(error).map_or_else(|| error.to_string(), |remedy| format!("{error}: {remedy}"))
}

impl Refusal {
    /// Whether the file may just be unfinished, so that a retry a little later may succeed.
    #[must_use]
    pub const fn is_incomplete(&self) -> bool {
        // An unreadable copy may have been deleted; the next try makes another one.
        matches!(self, Self::Truncated { .. } | Self::Malformed(_) | Self::Unreadable(_))
    }

    /// Whether the refusal says nothing about the file: the process lacks a resource that reading needs.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        matches!(self, Self::Unreadable(source) if remedy(source).is_some())
    }
}

/// A record that can't be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the record at byte {offset} {why}")]
pub struct RecordError {
    /// Offset of the record in the section.
    pub offset: usize,
    /// The problem.
    pub why: &'static str,
}

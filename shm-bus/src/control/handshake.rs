//! The creator of a bus, and whether this build can use it: the part of the registry that is the same in every version.
//!
//! The version is `major << 32 | minor`. A build can use a bus if it has the same major version, knows all of the bus's **required**
//! features, and needs no other feature. A build may ignore **optional** features that it does not know.
//!
//! # Invariants
//! 1. These words are written once, before the registry gets its name.
//!
//! # Failure
//! A registry that does not fit is refused with the versions of both sides, and stays unchanged.

use std::fmt;
use std::io;

use super::{Control, Process};
use crate::layout::MAGIC;
use crate::layout::control::{
    BYTES, CONTROL_MAGIC, LENGTHS, NAME_MAX, OPTIONAL, PROCESS, PROGRAM, RELEASE, REQUIRED, SIZE, VERSION,
};
use crate::segment::{Segment, load_text, store_text};
use crate::sync::{AtomicU64, Ordering, fence};

/// A version of the files' format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Version {
    /// Builds with different major versions are incompatible.
    pub major: u32,
    /// Grows with additions that older builds of the same major version may ignore.
    pub minor: u32,
}

impl Version {
    /// The version of this build.
    pub const HERE: Self = Self { major: 1, minor: 1 };
    /// Required features that this build knows and needs: bit 0, accounts of topics and marks of participants that left. Format 1.0 had
    /// none, and its builds would leave the totals wrong.
    pub(crate) const REQUIRED: u64 = 1;
    /// Optional features that this build knows. Version 1 has none.
    pub(crate) const OPTIONAL: u64 = 0;

    pub(super) const fn to_word(self) -> u64 {
        (self.major as u64) << 32 | self.minor as u64
    }

    pub(super) const fn from_word(word: u64) -> Self {
        Self { major: (word >> 32) as u32, minor: word as u32 }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.major, self.minor)
    }
}

/// A program, and the build of this crate in it.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Build {
    /// The program's file name.
    pub program: String,
    /// Its process.
    pub process: Process,
    /// Release of this crate.
    pub release: String,
    /// Version of the format.
    pub version: Version,
    /// Features that every participant must know. A bus has those that are in use, a build those that it knows.
    pub required: u64,
    /// Features that may be ignored.
    pub optional: u64,
}

impl Build {
    /// This process and build.
    pub(crate) fn here() -> Self {
        Self {
            program: program_name(),
            process: Process { pid: std::process::id(), is_local: true },
            release: env!("CARGO_PKG_VERSION").to_owned(),
            version: Version::HERE,
            required: Version::REQUIRED,
            optional: Version::OPTIONAL,
        }
    }
}

impl fmt::Display for Build {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { program, process, release, version, required, .. } = self;
        write!(f, "`{program}` ({process}, shm-bus {release}, format {version}, features {required:#x})")
    }
}

/// A registry that this build can't use.
#[derive(Debug)]
pub(crate) struct Mismatch {
    pub(crate) made_by: Build,
    pub(crate) here: Build,
}

/// Why a registry can't be used.
#[derive(Debug)]
pub(crate) enum RegistryError {
    Io(io::Error),
    Unfit(Box<Mismatch>),
}

impl From<io::Error> for RegistryError {
    fn from(error: io::Error) -> Self {
        Self::Io(error)
    }
}

impl Control {
    /// Whether this build can use a registry that begins with `page`. Reads only these words.
    pub(crate) fn fits(page: &Segment) -> Result<(), RegistryError> {
        let made_by = read(page.words())?;
        let here = Build::here();
        if made_by.version.major != here.version.major || made_by.required != here.required {
            return Err(RegistryError::Unfit(Box::new(Mismatch { made_by, here })));
        }
        // ORDERING: Relaxed, as all of `read`.
        let bytes = page.words()[SIZE].load(Ordering::Relaxed);
        if bytes != BYTES {
            let text = format!("`control` says that it has {bytes} bytes instead of {BYTES}");
            return Err(io::Error::new(io::ErrorKind::InvalidData, text).into());
        }
        Ok(())
    }

    /// The creator of this bus; `None` if the words are corrupt.
    pub(crate) fn creator(&self) -> Option<Build> {
        read(self.segment.words()).ok()
    }

    /// Writes these words, the magic last.
    pub(super) fn introduce(&self, creator: &Build, process: u64) {
        let lengths = creator.program.len() as u64 | (creator.release.len() as u64) << 16;
        let words = [
            (VERSION, creator.version.to_word()),
            (REQUIRED, Version::REQUIRED),
            (OPTIONAL, creator.optional),
            (SIZE, BYTES),
            (PROCESS, process),
            (LENGTHS, lengths),
        ];
        for (index, value) in words {
            // ORDERING: Relaxed, published by [MAGIC].
            self.word(index).store(value, Ordering::Relaxed);
        }
        store_text(&self.segment.words()[PROGRAM], &creator.program);
        store_text(&self.segment.words()[RELEASE], &creator.release);
        // ORDERING: [MAGIC] Release: whoever sees it sees a finished header. Pairs with the fence in `read`.
        self.word(MAGIC).store(CONTROL_MAGIC, Ordering::Release);
    }
}

fn read(words: &[AtomicU64]) -> io::Result<Build> {
    let load = |index: usize| words[index].load(Ordering::Relaxed);
    let magic = load(MAGIC);
    // ORDERING: [MAGIC] pairs with the Release store in `introduce`.
    fence(Ordering::Acquire);
    if magic != CONTROL_MAGIC {
        let text = format!("`control` begins with {magic:#018x} instead of {CONTROL_MAGIC:#018x}: not a bus");
        return Err(io::Error::new(io::ErrorKind::InvalidData, text));
    }
    let lengths = load(LENGTHS);
    // Texts are for display: an invalid one is no reason to refuse a bus.
    let text = |range, len| load_text(&words[range], len).unwrap_or_else(|_| "?".to_owned());
    Ok(Build {
        program: text(PROGRAM, lengths & 0xffff),
        process: Process::from_word(load(PROCESS)),
        release: text(RELEASE, lengths >> 16 & 0xffff),
        version: Version::from_word(load(VERSION)),
        required: load(REQUIRED),
        optional: load(OPTIONAL),
    })
}

/// The program's file name, cut to fit.
fn program_name() -> String {
    let path = std::env::current_exe().unwrap_or_default();
    let mut name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
    let end = (0..=NAME_MAX.min(name.len())).rev().find(|end| name.is_char_boundary(*end)).unwrap_or(0);
    name.truncate(end);
    name
}

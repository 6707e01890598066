//! Where each word of a bus's files lies: the tables of `PROTOCOL.md` as constants, one module for each kind of file, in that document's
//! order.
//!
//! | module | file |
//! |---|---|
//! | `lane` | `lane-<id>` |
//! | `inbox` | `inbox-<id>`, with the words of clients and servers |
//! | `control` | `control`, the registry |
//! | `claims` | `claims-<id>` |
//! | `lock` | `p<n>.lock` |
//!
//! Constants only. A word's index counts words of 8 bytes, from the beginning of the file or, in an entry, of the entry. The bits of a word
//! belong to the type that encodes it (`Cursor`, `ClaimWord`, `Step`), and a record's header to `wire`. The code that uses a word says
//! who may write it, and in which order.
//!
//! # Invariants
//! 1. A changed constant is a changed format: files of earlier builds are then misread.
//! 2. Every constant agrees with `PROTOCOL.md`: `protocol` looks up headers, tables, bells and claims there, and `tests/protocol.rs` reads
//!    the words of the registry's entries.

pub(crate) mod claims;
pub(crate) mod control;
pub(crate) mod inbox;
pub(crate) mod lane;
pub(crate) mod lock;

#[cfg(all(test, not(loom)))]
mod protocol;

/// Bytes of the header page of every segment.
pub(crate) const PAGE: usize = 4096;
/// Words of the header page.
pub(crate) const PAGE_WORDS: usize = PAGE / 8;

/// Word of every segment: says what kind of segment it is, and in which version. Stored last.
pub(crate) const MAGIC: usize = 0;

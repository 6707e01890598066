//! `p<n>.lock`: the signature of the participant in slot n, four words.

/// The file's own inode.
pub(crate) const FILE: usize = 0;
/// Inode of its bus's registry.
pub(crate) const REGISTRY: usize = 1;
/// The slot, which the file's name also contains.
pub(crate) const SLOT: usize = 2;
/// The participant's id.
pub(crate) const PARTICIPANT: usize = 3;

/// Words of the file.
pub(crate) const WORDS: usize = 4;

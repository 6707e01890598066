//! "Is the folder there?": the pure table of the plugins folder itself.
//!
//! The path is what counts, not the folder that once stood there: a path may lead to another folder at any moment (a parent was
//! renamed, a link switched, something mounted over it). Knows what two looks saw; reads nothing.
//!
//! | before | seen | turn |
//! |---|---|---|
//! | here | the same folder | stays |
//! | here | another folder | renewed |
//! | here | no folder | lost |
//! | here | what a mount leaves behind: its empty mount point | lost |
//! | away | no folder, or that empty mount point | stays away |
//! | away | the folder as it was | back |
//! | away | another folder | back, renewed |
//!
//! # Invariants
//! 1. While the folder is away nothing is missing from it: only a folder that is there can lack a file.

use std::time::SystemTime;

/// Tells folders apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Device and inode, where there are any.
    pub(super) place: (u64, u64),
    /// When it was made, where the system tells: an inode's number may be used again.
    pub(super) created: Option<SystemTime>,
    /// Whether something is mounted there.
    pub(super) is_mount: bool,
}

/// What a look at the path saw.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A folder whose files can be listed.
    Folder {
        /// Which.
        identity: Identity,
        /// Whether a plugin's file stands in it.
        has_plugins: bool,
    },
    /// Nothing, something else, or a folder that can't be read.
    Nothing,
}

/// What was known before a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    /// The folder that was there last.
    pub(super) last: Identity,
    /// Whether it is away.
    pub(super) is_away: bool,
}

/// What a look makes certain.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The same folder as before.
    Stays,
    /// Another folder took its place between two looks.
    Renewed,
    /// It is away from now on.
    Lost,
    /// It is still away.
    StaysAway,
    /// A folder is there again.
    Back {
        /// Whether it is another one.
        is_renewed: bool,
    },
}

impl Presence {
    /// The presence after a look, and what it makes certain.
    pub(super) fn turn(self, seen: Seen) -> (Self, Turn) {
        let away = Self { is_away: true, ..self };
        let Seen::Folder { identity, has_plugins } = seen else {
            return (away, if self.is_away { Turn::StaysAway } else { Turn::Lost });
        };
        if self.last.is_mount && !identity.is_mount && !has_plugins {
            return (away, if self.is_away { Turn::StaysAway } else { Turn::Lost });
        }
        let is_renewed = identity != self.last;
        let turn = match (self.is_away, is_renewed) {
            (true, _) => Turn::Back { is_renewed },
            (false, true) => Turn::Renewed,
            (false, false) => Turn::Stays,
        };
        (Self { last: identity, is_away: false }, turn)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_row_of_the_table() {
        let identity = |inode, is_mount| Identity { place: (1, inode), created: None, is_mount };
        let (first, other, mount, point) =
            (identity(1, false), identity(2, false), identity(3, true), identity(4, false));
        let here = |last| Presence { last, is_away: false };
        let away = |last| Presence { last, is_away: true };
        let folder = |identity| Seen::Folder { identity, has_plugins: true };
        let empty = |identity| Seen::Folder { identity, has_plugins: false };
        let back = |is_renewed| Turn::Back { is_renewed };
        let rows = [
            (here(first), folder(first), here(first), Turn::Stays),
            (here(first), empty(first), here(first), Turn::Stays),
            (here(first), folder(other), here(other), Turn::Renewed),
            (here(first), empty(other), here(other), Turn::Renewed),
            (here(first), folder(mount), here(mount), Turn::Renewed),
            (here(first), empty(mount), here(mount), Turn::Renewed),
            (here(first), Seen::Nothing, away(first), Turn::Lost),
            (here(mount), empty(point), away(mount), Turn::Lost),
            (here(mount), folder(point), here(point), Turn::Renewed),
            (away(first), Seen::Nothing, away(first), Turn::StaysAway),
            (away(mount), empty(point), away(mount), Turn::StaysAway),
            (away(mount), folder(mount), here(mount), back(false)),
            (away(first), folder(first), here(first), back(false)),
            (away(first), empty(first), here(first), back(false)),
            (away(first), folder(other), here(other), back(true)),
            (away(first), empty(other), here(other), back(true)),
        ];
        for (before, seen, after, turn) in rows {
            assert_eq!(before.turn(seen), (after, turn), "{before:?} sees {seen:?}");
        }
    }

    #[test]
    fn a_folder_whose_inode_is_used_again_is_another_one() {
        let identity = |created| Identity { place: (1, 1), created: Some(created), is_mount: false };
        let (old, new) = (SystemTime::UNIX_EPOCH, SystemTime::now());
        let presence = Presence { last: identity(old), is_away: false };
        let seen = Seen::Folder { identity: identity(new), has_plugins: true };
        assert_eq!(presence.turn(seen).1, Turn::Renewed);
    }
}

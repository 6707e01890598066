//! "Is the folder there?": the pure decision table of the plugins folder itself.
//!
//! The path counts, not the folder that once was there: a path may lead to another folder at any moment (a parent was renamed, a link
//! switched, something mounted over it). This module compares what two looks saw; it reads nothing.
//!
//! | before | seen | turn |
//! |---|---|---|
//! | here | the same folder | stays |
//! | here | another folder | renewed |
//! | here | no folder | lost |
//! | here | a folder of another file system that holds no plugin | lost |
//! | away | no folder, or one of another file system that holds no plugin | stays away |
//! | away | the folder as it was | back |
//! | away | another folder | back, renewed |
//!
//! An empty folder of another file system is what an unmount leaves, wherever above the folder the mount was; a fresh mount that is about
//! to be filled looks the same. Neither means that somebody removed a plugin.
//!
//! # Invariants
//! 1. While the folder is away, no file counts as missing: only a folder that is there can lack a file.

use std::time::SystemTime;

/// Distinguishes folders.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Identity {
    /// Device and inode, where there are any.
    pub(super) file_id: (u64, u64),
    /// Creation time, where the system tells it: inode numbers may be reused.
    pub(super) created: Option<SystemTime>,
    /// The mount that contains it, where the system tells it. Two mounts may show one device.
    pub(super) mount: Option<u64>,
}

impl Identity {
    /// Whether both are the same folder, wherever it is mounted.
    fn is_same(self, other: Self) -> bool {
        (self.file_id, self.created) == (other.file_id, other.created)
    }

    /// Whether both lie in one file system, seen through one mount.
    fn is_beside(self, other: Self) -> bool {
        (self.file_id.0, self.mount) == (other.file_id.0, other.mount)
    }
}

/// Result of a look at the path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Seen {
    /// A folder whose files can be listed.
    Folder {
        /// The folder's identity.
        identity: Identity,
        /// Whether it contains a plugin's file.
        has_plugins: bool,
    },
    /// Nothing, something else, or an unreadable folder.
    Nothing,
}

/// The state before a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Presence {
    /// The last folder that was there.
    pub(super) last: Identity,
    /// Whether the folder is away.
    pub(super) is_away: bool,
}

/// The result of a look.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Turn {
    /// The same folder as before.
    Stays,
    /// Another folder took its place between two looks.
    Renewed,
    /// The folder is now away.
    Lost,
    /// It is still away.
    StaysAway,
    /// A folder is there again.
    Back {
        /// Whether it is another folder.
        is_renewed: bool,
    },
}

impl Presence {
    /// The state after a look, and what the look establishes.
    pub(super) fn turn(self, seen: Seen) -> (Self, Turn) {
        let away = Self { is_away: true, ..self };
        let lost = (away, if self.is_away { Turn::StaysAway } else { Turn::Lost });
        let Seen::Folder { identity, has_plugins } = seen else { return lost };
        let is_renewed = !identity.is_same(self.last);
        if is_renewed && !has_plugins && !identity.is_beside(self.last) {
            return lost;
        }
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
        let at = |device, inode, mount| Identity { file_id: (device, inode), created: None, mount: Some(mount) };
        let (first, other) = (at(1, 1, 10), at(1, 2, 10));
        // The same folder through another mount, a folder of another device, and one of the same device that is mounted elsewhere.
        let (bound, disk, aside) = (at(1, 1, 11), at(2, 3, 12), at(1, 4, 11));
        let here = |last| Presence { last, is_away: false };
        let away = |last| Presence { last, is_away: true };
        let folder = |identity| Seen::Folder { identity, has_plugins: true };
        let empty = |identity| Seen::Folder { identity, has_plugins: false };
        let back = |is_renewed| Turn::Back { is_renewed };
        let rows = [
            (here(first), folder(first), here(first), Turn::Stays),
            (here(first), empty(first), here(first), Turn::Stays),
            (here(first), folder(bound), here(bound), Turn::Stays),
            (here(first), empty(bound), here(bound), Turn::Stays),
            (here(first), folder(other), here(other), Turn::Renewed),
            (here(first), empty(other), here(other), Turn::Renewed),
            (here(first), folder(disk), here(disk), Turn::Renewed),
            (here(first), empty(disk), away(first), Turn::Lost),
            (here(first), folder(aside), here(aside), Turn::Renewed),
            (here(first), empty(aside), away(first), Turn::Lost),
            (here(first), Seen::Nothing, away(first), Turn::Lost),
            (here(disk), empty(first), away(disk), Turn::Lost),
            (here(disk), folder(first), here(first), Turn::Renewed),
            (away(first), Seen::Nothing, away(first), Turn::StaysAway),
            (away(disk), empty(first), away(disk), Turn::StaysAway),
            (away(disk), folder(disk), here(disk), back(false)),
            (away(disk), empty(disk), here(disk), back(false)),
            (away(disk), folder(first), here(first), back(true)),
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
        let identity = |created| Identity { file_id: (1, 1), created: Some(created), mount: None };
        let (old, new) = (SystemTime::UNIX_EPOCH, SystemTime::now());
        let presence = Presence { last: identity(old), is_away: false };
        let seen = Seen::Folder { identity: identity(new), has_plugins: true };
        assert_eq!(presence.turn(seen).1, Turn::Renewed);
    }
}

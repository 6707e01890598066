//! What the watcher tells the host of the folder and the files in it.

use std::path::PathBuf;
use std::time::Duration;

use crate::image::copy::ContentHash;

/// What the watcher tells the host.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEvent {
    /// The host has accepted a content.
    Accepted {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// What was accepted.
        content: ContentHash,
    },
    /// The file is refused until it changes, is copied again or touched.
    Refused {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The file has gone; it was tried before.
    Removed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
    },
    /// The content accepted last stands in a file that was copied or touched, or that could not be tried before: a request, if the
    /// plugin doesn't run well. The host answers it by [`Watcher::retry`](super::Watcher::retry).
    Touched {
        /// The plugin.
        plugin: String,
    },
    /// The host could not try the file. It is tried again every second, and this is told again only with another reason.
    Postponed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The file's name stands in the folder and leads to no file that can be read. Nothing is removed.
    OutOfReach {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// Two files have one plugin's name: `-` and `_` are alike.
    Double {
        /// The plugin.
        plugin: String,
        /// The file that is left alone.
        path: PathBuf,
        /// The file that counts.
        counts: PathBuf,
    },
    /// Somebody put something into the folder that is never loaded.
    Ignored {
        /// What.
        path: PathBuf,
        /// What to do, for a person.
        advice: String,
    },
    /// No folder that can be read is at the path. Everything goes on as it is.
    FolderLost {
        /// The path.
        folder: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// A folder is at the path again, or another one took the place of the one before.
    FolderBack {
        /// The path.
        folder: PathBuf,
        /// Whether it is another folder.
        is_renewed: bool,
    },
    /// The system doesn't tell of changes in the folder: they are found by looking.
    NotWatched {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        reason: String,
        /// How often it is looked at.
        interval: Duration,
    },
}

//! The watcher's reports to the host about the folder and the files in it.

use std::path::PathBuf;
use std::time::Duration;

use crate::image::copy::ContentHash;

/// A report of the watcher.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum FileEvent {
    /// The host has accepted a file's content.
    Accepted {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// The accepted content.
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
    /// The file was removed; it had been tried.
    Removed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
    },
    /// The last accepted content is in a file that was copied again or touched, or that could not be tried before. This is a request to
    /// retry if the plugin doesn't run well. The host answers with [`Watcher::retry`](super::Watcher::retry).
    Touched {
        /// The plugin.
        plugin: String,
    },
    /// The host could not try the file. It is retried every second; this is reported again only with another reason.
    Postponed {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The file's name exists in the folder but leads to no readable file. No plugin is removed.
    OutOfReach {
        /// The plugin.
        plugin: String,
        /// Its watched file.
        path: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// Two files have the same plugin name: `-` and `_` are equal.
    Double {
        /// The plugin.
        plugin: String,
        /// The file that is ignored.
        path: PathBuf,
        /// The file that is used.
        counts: PathBuf,
    },
    /// Something was put into the folder that is never loaded.
    Ignored {
        /// Its path.
        path: PathBuf,
        /// The action that a person should take.
        advice: String,
    },
    /// There is no readable folder at the path. Everything keeps running.
    FolderLost {
        /// The path.
        folder: PathBuf,
        /// Why, for a person.
        reason: String,
    },
    /// The folder is available again, or another one has replaced it.
    FolderBack {
        /// The path.
        folder: PathBuf,
        /// Whether it is another folder.
        is_renewed: bool,
    },
    /// The system doesn't report changes in the folder; polling finds them.
    NotWatched {
        /// The folder.
        folder: PathBuf,
        /// The system's error.
        reason: String,
        /// The polling interval.
        interval: Duration,
    },
}

//! Logs the watcher's events for a person.

use crate::watcher::FileEvent;

/// Logs what became of the folder and of files in it.
pub(super) fn tell(event: &FileEvent) {
    match event {
        FileEvent::Postponed { plugin, path, reason } => tracing::error!(
            plugin,
            "{plugin}: {} cannot be loaded now: {reason}; it is retried every second",
            path.display()
        ),
        FileEvent::OutOfReach { plugin, path, reason } => tracing::warn!(
            plugin,
            "{plugin}: {}: {reason}; {plugin} stays as it is; to unload it, delete that name from the folder",
            path.display()
        ),
        FileEvent::Double { plugin, path, counts } => tracing::error!(
            plugin,
            "{plugin}: {} is not loaded: {} has the same name, since - and _ count as equal; remove one of them",
            path.display(),
            counts.display()
        ),
        FileEvent::Ignored { path, advice } => tracing::warn!("{} is not loaded: {advice}", path.display()),
        FileEvent::FolderLost { folder, reason } => tracing::warn!(
            folder = %folder.display(),
            "the plugins folder is missing ({reason}): all plugins keep running, and the host waits until it is back"
        ),
        FileEvent::FolderBack { folder, is_renewed: false } => {
            tracing::info!(folder = %folder.display(), "the plugins folder is back");
        }
        FileEvent::FolderBack { folder, is_renewed: true } => tracing::info!(
            folder = %folder.display(),
            "the plugins folder was replaced: plugins that differ are loaded, missing ones are removed"
        ),
        FileEvent::NotWatched { folder, reason, interval } => tracing::warn!(
            folder = %folder.display(),
            "the system cannot report changes in the plugins folder ({reason}): it is scanned every {interval:?} instead; \
             on Linux, raising fs.inotify.max_user_instances or max_user_watches may help"
        ),
        FileEvent::Accepted { .. }
        | FileEvent::Refused { .. }
        | FileEvent::Removed { .. }
        | FileEvent::Touched { .. } => {}
    }
}

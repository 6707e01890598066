//! Logs the watcher's events for a person.

use crate::watcher::FileEvent;

/// Logs what became of the folder and of files in it.
pub(super) fn tell(event: &FileEvent) {
    match event {
        FileEvent::Postponed { plugin, path, reason } => tracing::error!(
            plugin,
            "{plugin}: {} can't be tried now, which is repeated every second until it can: {reason}",
            path.display()
        ),
        FileEvent::OutOfReach { plugin, path, reason } => tracing::warn!(
            plugin,
            "{plugin}: {}: {reason}; {plugin} stays as it is, remove the name from the folder to take it out",
            path.display()
        ),
        FileEvent::Double { plugin, path, counts } => tracing::error!(
            plugin,
            "{plugin}: {} is not loaded: {} has the same name, as - and _ are alike; remove one of them",
            path.display(),
            counts.display()
        ),
        FileEvent::Ignored { path, advice } => tracing::warn!("{} is not loaded: {advice}", path.display()),
        FileEvent::FolderLost { folder, reason } => tracing::warn!(
            folder = %folder.display(),
            "the plugins folder is away ({reason}): all plugins go on; it is looked for until it is back"
        ),
        FileEvent::FolderBack { folder, is_renewed: false } => {
            tracing::info!(folder = %folder.display(), "the plugins folder is back");
        }
        FileEvent::FolderBack { folder, is_renewed: true } => tracing::info!(
            folder = %folder.display(),
            "another plugins folder is in its place: what differs is loaded, what is missing is removed"
        ),
        FileEvent::NotWatched { folder, reason, interval } => tracing::warn!(
            folder = %folder.display(),
            "the system does not tell of changes in the plugins folder ({reason}): it is looked at every {interval:?} instead; \
             on Linux, raising fs.inotify.max_user_instances or max_user_watches may help"
        ),
        FileEvent::Accepted { .. }
        | FileEvent::Refused { .. }
        | FileEvent::Removed { .. }
        | FileEvent::Touched { .. } => {}
    }
}

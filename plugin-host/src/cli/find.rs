//! Which bus is meant when none is named.

use std::path::PathBuf;

use shm_bus::{Bus, ListError, OpenError};

/// Why no bus was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum FindError {
    #[error("no bus lives here ({}); start a game first, or set HOTFRAME_DIR as the game has it", .0.display())]
    None(PathBuf),
    #[error("several buses live here; name one with --bus: {}", .0.join(", "))]
    Several(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error("no live bus `{name}` in {}{}", folder.display(), others(live))]
    Missing { name: String, folder: PathBuf, live: Vec<String> },
    #[error("can't attach to bus `{name}`{}", others(live))]
    Attach { name: String, live: Vec<String>, source: OpenError },
}

fn others(live: &[String]) -> String {
    if live.is_empty() { String::new() } else { format!("; these live: {}", live.join(", ")) }
}

/// The bus called `name`, or the only one that lives.
pub(super) fn find(name: Option<&str>) -> Result<Bus, FindError> {
    match name {
        Some(name) => attach(name),
        None => match &shm_bus::list()?[..] {
            [] => Err(FindError::None(shm_bus::runtime_folder())),
            [only] => attach(only),
            several => Err(FindError::Several(several.to_vec())),
        },
    }
}

fn attach(name: &str) -> Result<Bus, FindError> {
    Bus::attach(name).map_err(|source| {
        let live = shm_bus::list().unwrap_or_default();
        match source {
            OpenError::NotFound { name, folder } => FindError::Missing { name, folder, live },
            source => FindError::Attach { name: name.to_owned(), live, source },
        }
    })
}

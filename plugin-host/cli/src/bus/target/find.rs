//! Finds the bus that is meant when none is named.

use std::path::PathBuf;

use shm_bus::{Bus, ListError, OpenError, Snapshot};

/// Why no bus was found.
#[derive(Debug, thiserror::Error)]
pub(crate) enum FindError {
    #[error("there is no live bus here ({}); start a game first, or set HOTFRAME_DIR to the game's folder", .0.display())]
    None(PathBuf),
    #[error("there are several live buses here; name one with --bus: {}", .0.join(", "))]
    Several(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error("no live bus `{name}` in {}{}", folder.display(), others(live))]
    Missing { name: String, folder: PathBuf, live: Vec<String> },
    #[error("bus `{name}` has no live participant any more; `hotframe bus gc` removes its leftovers")]
    Dead { name: String },
    #[error("cannot use bus `{name}`{}", others(live))]
    Unusable { name: String, live: Vec<String>, source: OpenError },
}

fn others(live: &[String]) -> String {
    if live.is_empty() { String::new() } else { format!("; live buses: {}", live.join(", ")) }
}

/// Attaches to the bus called `name`, or to the only live one.
pub(crate) fn find(name: Option<&str>) -> Result<Bus, FindError> {
    let name = choose(name)?;
    Bus::attach(&name).map_err(|source| FindError::of(name, source))
}

/// The name of the bus that is meant; if `name` is `None`, that bus is live.
pub(crate) fn choose(name: Option<&str>) -> Result<String, FindError> {
    match name {
        Some(name) => Ok(name.to_owned()),
        None => match &shm_bus::list()?[..] {
            [] => Err(FindError::None(shm_bus::runtime_folder())),
            [only] => Ok(only.clone()),
            several => Err(FindError::Several(several.to_vec())),
        },
    }
}

/// A snapshot of the live bus called `name`, without attaching.
pub(crate) fn look(name: &str) -> Result<Snapshot, FindError> {
    let snapshot = shm_bus::peek(name).map_err(|source| FindError::of(name.to_owned(), source))?;
    let lives = snapshot.participants.iter().any(|participant| participant.alive);
    if lives { Ok(snapshot) } else { Err(FindError::Dead { name: name.to_owned() }) }
}

impl FindError {
    fn of(name: String, source: OpenError) -> Self {
        let live = shm_bus::list().unwrap_or_default();
        match source {
            OpenError::NotFound { folder, .. } => Self::Missing { name, folder, live },
            source => Self::Unusable { name, live, source },
        }
    }
}

//! Which bus is meant when none is named.

use shm_bus::{Bus, ListError, OpenError};

/// Why no bus was found.
#[derive(Debug, thiserror::Error)]
pub(super) enum FindError {
    #[error("no bus lives here; start a game first")]
    None,
    #[error("several buses live here; name one with --bus: {}", .0.join(", "))]
    Several(Vec<String>),
    #[error(transparent)]
    List(#[from] ListError),
    #[error("can't attach to bus `{name}`")]
    Attach { name: String, source: OpenError },
}

/// The bus called `name`, or the only one that lives.
pub(super) fn find(name: Option<&str>) -> Result<Bus, FindError> {
    match name {
        Some(name) => attach(name),
        None => match &shm_bus::list()?[..] {
            [] => Err(FindError::None),
            [only] => attach(only),
            several => Err(FindError::Several(several.to_vec())),
        },
    }
}

fn attach(name: &str) -> Result<Bus, FindError> {
    Bus::attach(name).map_err(|source| FindError::Attach { name: name.to_owned(), source })
}

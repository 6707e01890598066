//! What children do besides using a bus in order.

use std::path::Path;

/// Does what `order` says and gives the answer.
pub(crate) fn obey(_folder: &Path, order: &str) -> String {
    let words: Vec<&str> = order.split(' ').collect();
    match words[..] {
        #[cfg(feature = "crash-points")]
        ["die", "at", n] => arm(n, shm_bus::crash::Fate::Kill),
        #[cfg(feature = "crash-points")]
        ["stop", "at", n] => arm(n, shm_bus::crash::Fate::Stop),
        #[cfg(feature = "crash-points")]
        ["points"] => shm_bus::crash::passed().to_string(),
        _ => panic!("no command {order}"),
    }
}

#[cfg(feature = "crash-points")]
fn arm(n: &str, fate: shm_bus::crash::Fate) -> String {
    shm_bus::crash::arm(n.parse().expect("a number"), fate);
    "armed".to_owned()
}

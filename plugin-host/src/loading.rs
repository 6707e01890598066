//! From a settled file to a loaded image, on the watcher's thread: copy, inspect, load. It never holds up the frame.

use std::sync::Arc;

use crossbeam_channel::Sender;
use plugin_sdk::abi::ABI_VERSION;

use crate::calls::home::Home;
use crate::image::copy::{ContentHash, ImageStore};
use crate::image::inspect::{Expected, inspect};
use crate::image::{Image, LoadError};
use crate::watcher::{Attempt, Candidate, TryFile, file_of};

/// An image that waits for the frame edge.
#[derive(Debug)]
pub(crate) struct Loaded {
    pub(crate) content: ContentHash,
    pub(crate) image: Arc<Image>,
}

/// The function with which the watcher tries a file: loads it, and sends the image to `loaded` before it accepts the file.
pub(crate) fn loader(mut store: ImageStore, home: Arc<Home>, loaded: Sender<Loaded>) -> TryFile {
    let mut count = 0;
    Box::new(move |candidate| {
        count += 1;
        attempt(&mut store, &home, &loaded, candidate, count)
    })
}

fn attempt(
    store: &mut ImageStore,
    home: &Arc<Home>,
    loaded: &Sender<Loaded>,
    candidate: &Candidate<'_>,
    count: u64,
) -> Attempt {
    let copy = match store.copy(candidate.path, candidate.plugin, count) {
        Ok(copy) => copy,
        Err(error) if error.is_of_the_host() => return Attempt::postponed(&error),
        Err(error) => return Attempt::failed(None, error.is_incomplete(), &error),
    };
    let content = copy.content();
    if candidate.knows(content) {
        return Attempt::Unchanged { content };
    }
    let facts = match inspect(copy.path(), candidate.path, &Expected::native(ABI_VERSION)) {
        Ok(facts) => facts,
        Err(error) if error.refusal.is_of_the_host() => return Attempt::postponed(&error.refusal),
        Err(error) => return Attempt::failed(Some(content), error.is_incomplete(), &error.refusal),
    };
    if facts.name != candidate.plugin {
        let (file, name, proper) = (candidate.plugin, &facts.name, file_of(&facts.name));
        let reason = format!(
            "the file is named for plugin \"{file}\", but the plugin's name is \"{name}\"; rename the file to {proper}"
        );
        return Attempt::Refused { content: Some(content), reason };
    }
    match Image::load(copy, &facts, home) {
        Ok(image) => {
            let sent = loaded.send(Loaded { content, image: Arc::new(image) });
            tracing::debug!(plugin = candidate.plugin, host_listens = sent.is_ok(), "loaded, waits for the frame edge");
            Attempt::Done { content }
        }
        Err(error) if error.is_of_the_host() => Attempt::postponed(&error),
        // The system's loader may fail temporarily, for example while a library that it needs is being written.
        Err(error) => Attempt::failed(Some(content), matches!(error, LoadError::Library(_)), &error),
    }
}

//! A handover: a plugin's next generation is made from the running one's state on a thread of its own, while the others and the
//! picture have the frame.
//!
//! ```text
//! frame's thread   … its last stage │ others, picture, sleep        │ edge: commit │ next frame
//! worker                            └ save ─► create from the state ┘
//!                                     └──┘ the gate is held
//! ```
//! Knows nothing of edges: [`change`](crate::change) says when a handover begins and how it ends.
//!
//! # Invariants
//! 1. The worker ends before the handover does: dropping one waits, and drops what it made.
//!
//! # Failure
//! Without a thread, or when the worker panics, nothing is made; the whole swap is then done at the edge.

use std::sync::Arc;
use std::thread::{Builder, JoinHandle};

use tracing::dispatcher;

use crate::image::Image;
use crate::slot::Slot;
use crate::swap::{Successor, SwapError};

/// As a main thread's usually is: what can be saved there can be saved here.
pub(crate) const STACK_BYTES: usize = 8 << 20;

/// A build on its way to an edge.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) image: Arc<Image>,
    /// It was refused before, for the sake of other plugins: nobody is told so again.
    pub(crate) is_retry: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Handover {
    build: Build,
    /// `None` when it could not be started, or has ended.
    worker: Option<JoinHandle<Result<Successor, SwapError>>>,
}

impl Handover {
    /// Starts making `generation` of `build` from what runs in `slot`.
    pub(crate) fn begin(slot: Arc<Slot>, build: Build, generation: u32) -> Self {
        let plugin = slot.name().to_owned();
        let image = build.image.clone();
        let log = dispatcher::get_default(Clone::clone);
        let make = move || dispatcher::with_default(&log, || Successor::make(&slot, image, generation));
        let worker = Builder::new().name("handover".to_owned()).stack_size(STACK_BYTES).spawn(make);
        let worker = worker.inspect_err(|error| {
            tracing::warn!(plugin, %error, "no thread for the handover: the frame edge is held for the whole swap");
        });
        Self { build, worker: worker.ok() }
    }

    /// Waits for the worker. `None` when it made nothing and refused nothing either.
    pub(crate) fn end(mut self) -> (Build, Option<Result<Successor, SwapError>>) {
        let made = self.worker.take().and_then(|worker| worker.join().ok());
        (self.build.clone(), made)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Some(worker) = self.worker.take() {
            drop(worker.join());
        }
    }
}

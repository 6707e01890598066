//! A handover: a thread of its own makes a plugin's next generation from the running one's state, in parallel with the other plugins'
//! systems and the presenter.
//!
//! ```text
//! frame's thread   … its last stage │ others, picture, sleep        │ edge: commit │ next frame
//! thread                            └ save ─► create from the state ┘
//!                                     └──┘ the gate is held
//! ```
//! This module knows nothing of edges: [`pending`](crate::pending) decides when a handover begins and how it ends.
//!
//! # Invariants
//! 1. The thread's work ends before the handover does: dropping a handover waits for the work and drops its result. Nobody waits for the
//!    end of the thread, where the plugin's thread-locals are dropped.
//!
//! # Failure
//! If no thread can be started or the thread panics, there is no result; the whole swap is then done at the edge.

use std::sync::Arc;
use std::thread::Builder;
use std::time::Duration;

use crossbeam_channel::Receiver;
use tracing::dispatcher;

use crate::calls::ends::spawn;
use crate::image::Image;
use crate::slot::Slot;
use crate::stack::{STACK_BYTES, is_large};
use crate::swap::{Successor, SwapError};

/// A build on its way to an edge.
#[derive(Clone, Debug)]
pub(crate) struct Build {
    pub(crate) image: Arc<Image>,
    /// It was refused before, and only another reason is reported.
    pub(crate) is_retry: bool,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Handover {
    build: Build,
    /// Receives the thread's result; `None` if the thread could not be started or has ended.
    made: Option<Receiver<Result<Successor, SwapError>>>,
}

impl Handover {
    /// Starts making `generation` of `build` from the instance in `slot`, waiting as long as `calls_wait` for calls in flight.
    pub(crate) fn begin(slot: Arc<Slot>, calls_wait: Duration, build: Build, generation: u32) -> Self {
        let plugin = slot.name().to_owned();
        let image = build.image.clone();
        let log = dispatcher::get_default(Clone::clone);
        let make = move || {
            is_large();
            dispatcher::with_default(&log, || Successor::make(&slot, calls_wait, image, generation))
        };
        let made = spawn(Builder::new().name("handover".to_owned()).stack_size(STACK_BYTES), make);
        let made = made.inspect_err(|error| {
            tracing::warn!(plugin, %error, "cannot start a thread for the handover: the whole swap runs at the frame edge");
        });
        Self { build, made: made.ok() }
    }

    /// Waits for the thread. `None` if it neither made nor refused anything.
    pub(crate) fn end(mut self) -> (Build, Option<Result<Successor, SwapError>>) {
        let made = self.made.take().and_then(|made| made.recv().ok());
        (self.build.clone(), made)
    }
}

impl Drop for Handover {
    fn drop(&mut self) {
        if let Some(made) = self.made.take() {
            drop(made.recv());
        }
    }
}

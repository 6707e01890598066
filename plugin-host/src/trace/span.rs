//! An open span of a library.

use std::sync::atomic::{AtomicUsize, Ordering};

use tracing::{Dispatch, Id, Span};

use super::place::Place;

/// A span with the number of its uses. The last use that ends closes it.
#[derive(Debug)]
pub(super) struct OpenSpan {
    span: Span,
    place: &'static Place,
    uses: AtomicUsize,
}

impl OpenSpan {
    /// Opens `span` with one use; returns its number.
    pub(super) fn open(span: Span, place: &'static Place) -> u64 {
        let open = Box::new(Self { span, place, uses: AtomicUsize::new(1) });
        Box::into_raw(open).expose_provenance() as u64
    }

    /// The span with this number.
    ///
    /// # Safety
    /// [`Self::open`] returned it, and one of its uses lasts for `'a`.
    pub(super) unsafe fn numbered<'a>(number: u64) -> &'a Self {
        // SAFETY: by contract it is the address of a span that is still open.
        unsafe { &*std::ptr::with_exposed_provenance(number as usize) }
    }

    pub(super) fn span(&self) -> &Span {
        &self.span
    }

    pub(super) fn place(&self) -> &'static Place {
        self.place
    }

    /// Runs `body` with the span's id, and the subscriber that knows it.
    pub(super) fn with<T>(&self, body: impl FnOnce(&Id, &Dispatch) -> T) -> Option<T> {
        self.span.with_subscriber(|(id, log)| body(id, log))
    }

    /// Begins another use.
    pub(super) fn add_use(&self) {
        self.uses.fetch_add(1, Ordering::Relaxed);
    }

    /// Ends a use; returns whether it was the last one, with which the span is closed.
    ///
    /// # Safety
    /// As [`Self::numbered`]; the use that ends is not used any more.
    pub(super) unsafe fn end_use(number: u64) -> bool {
        // SAFETY: this use lasts until here.
        let open = unsafe { Self::numbered(number) };
        // ORDERING: AcqRel, all uses of the span come before its drop, as in `Arc`.
        let is_last = open.uses.fetch_sub(1, Ordering::AcqRel) == 1;
        if is_last {
            let open: *mut Self = std::ptr::with_exposed_provenance_mut(number as usize);
            // SAFETY: `open` made it from a box, and nobody else uses it.
            drop(unsafe { Box::from_raw(open) });
        }
        is_last
    }
}

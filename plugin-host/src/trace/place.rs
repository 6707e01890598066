//! An event or a span in a library's code, as a call site of the host's `tracing`.
//!
//! `tracing` knows call sites as constants of a program. A place lives until the process ends, as the library's code does. Generations
//! share the places that they have in common, so that reloads add those alone whose line, target or fields have changed.

use std::collections::HashMap;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicU32, Ordering};
use std::sync::{LazyLock, Mutex, OnceLock, PoisonError};

use plugin_sdk::abi::{Text, TraceInterest, TracePlace};
use tracing::subscriber::Interest;
use tracing::{Metadata, field};
use tracing_core::callsite::{Callsite, Identifier, register};
use tracing_core::metadata::Kind;

use super::{levels, word};

/// Interest in a place that is not registered yet.
const UNKNOWN: u32 = u32::MAX;

/// The fields that the host adds, after the library's own: a program that keeps one field of each name keeps these.
pub(super) const ADDED: [&str; 2] = ["plugin", "generation"];

static ALL: LazyLock<Mutex<HashMap<String, &'static Place>>> = LazyLock::new(Mutex::default);

/// See the module.
#[derive(Debug)]
pub(super) struct Place {
    /// Set before anybody else gets the place.
    metadata: OnceLock<Metadata<'static>>,
    /// A [`TraceInterest`] or [`UNKNOWN`].
    interest: AtomicU32,
}

impl Place {
    /// The place that `given` describes.
    ///
    /// # Safety
    /// `given` and its texts are valid.
    pub(super) unsafe fn of(given: &TracePlace) -> &'static Self {
        // SAFETY: by contract.
        let fields = unsafe { given.fields.as_slice() };
        // SAFETY: by contract.
        let text = |text: Text| unsafe { text.to_owned_text() };
        let fields: Vec<String> = fields.iter().map(|name| text(*name)).collect();
        let (name, target, module, file) = (text(given.name), text(given.target), text(given.module), text(given.file));
        let TracePlace { line, level, is_span, .. } = *given;
        let key = format!("{is_span} {}\0{name}\0{target}\0{module}\0{file}\0{line}\0{}", level.0, fields.join("\0"));
        let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = all.get(&key) {
            return known;
        }
        let place: &'static Self =
            Box::leak(Box::new(Self { metadata: OnceLock::new(), interest: AtomicU32::new(UNKNOWN) }));
        let names = fields.into_iter().map(leak).chain(ADDED).collect::<Vec<_>>().leak();
        let filled = |text: String| (!text.is_empty()).then(|| leak(text));
        // Set once, here.
        let _ = place.metadata.set(Metadata::new(
            leak(name),
            leak(target),
            levels::from_abi(level),
            filled(file),
            (line != 0).then_some(line),
            filled(module),
            field::FieldSet::new(names, Identifier(place)),
            if is_span == 0 { Kind::EVENT } else { Kind::SPAN },
        ));
        all.insert(key, place);
        drop(all);
        // It asks the subscribers, which may log, or panic: then the library asks each time.
        let _ = catch_unwind(AssertUnwindSafe(|| register(place)));
        place
    }

    /// The place with this number.
    ///
    /// # Safety
    /// [`Self::number`] returned it.
    pub(super) unsafe fn numbered(number: u64) -> &'static Self {
        // SAFETY: by contract it is a place's address, and places live until the process ends.
        unsafe { &*std::ptr::with_exposed_provenance(number as usize) }
    }

    /// Its number for libraries.
    pub(super) fn number(&self) -> u64 {
        std::ptr::from_ref(self).expose_provenance() as u64
    }

    pub(super) fn metadata(&self) -> &'static Metadata<'static> {
        // SAFETY: every place is leaked.
        let place: &'static Self = unsafe { &*std::ptr::from_ref(self) };
        place.metadata.get().expect("set before anybody else gets the place")
    }

    pub(super) fn interest(&self) -> u32 {
        match self.interest.load(Ordering::Relaxed) {
            UNKNOWN => TraceInterest::Sometimes as u32,
            interest => interest,
        }
    }
}

impl Callsite for Place {
    fn set_interest(&self, interest: Interest) {
        let interest = match interest {
            interest if interest.is_never() => TraceInterest::Never,
            interest if interest.is_always() => TraceInterest::Always,
            _ => TraceInterest::Sometimes,
        };
        let before = self.interest.swap(interest as u32, Ordering::Relaxed);
        if before != UNKNOWN && before != interest as u32 {
            word::note_change();
        }
    }

    fn metadata(&self) -> &Metadata<'_> {
        self.metadata()
    }
}

fn leak(text: String) -> &'static str {
    Box::leak(text.into_boxed_str())
}

//! The subscriber of a library: it forwards to the host's [`TraceTable`].

#![expect(unsafe_code, reason = "calls the host through its function table")]

use core::ffi::c_void;
use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use tracing_core::metadata::LevelFilter;
use tracing_core::span::{Attributes, Id, Record};
use tracing_core::subscriber::Interest;
use tracing_core::{Event, Level as TracingLevel, Metadata, Subscriber};

use super::values::Values;
use crate::abi::{Level, List, Text, TraceInterest, TraceParent, TracePlace, TraceTable};

/// See the module.
pub(super) struct Forwarder {
    table: &'static TraceTable,
    origin: *const c_void,
    /// The host's number of each place, by the address of its metadata.
    places: RwLock<HashMap<usize, u64>>,
}

// SAFETY: `origin` is a number to this library; the host's functions may be called on any thread.
unsafe impl Send for Forwarder {}
// SAFETY: as above.
unsafe impl Sync for Forwarder {}

impl Forwarder {
    /// # Safety
    /// `origin` is the handle of this library that `table`'s host gave.
    pub(super) unsafe fn new(table: &'static TraceTable, origin: *const c_void) -> Self {
        Self { table, origin, places: RwLock::default() }
    }

    fn known(&self, metadata: &Metadata<'_>) -> Option<u64> {
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        places.get(&address(metadata)).copied()
    }

    /// The host's number of a place.
    fn place(&self, metadata: &'static Metadata<'static>) -> u64 {
        self.known(metadata).unwrap_or_else(|| self.announce(metadata).0)
    }

    /// Makes a place known to the host.
    #[cold]
    fn announce(&self, metadata: &'static Metadata<'static>) -> (u64, u32) {
        let fields: Vec<Text> = metadata.fields().iter().map(|field| Text::new(field.name())).collect();
        let place = TracePlace {
            name: Text::new(metadata.name()),
            target: Text::new(metadata.target()),
            module: Text::new(metadata.module_path().unwrap_or("")),
            file: Text::new(metadata.file().unwrap_or("")),
            line: metadata.line().unwrap_or(0),
            level: level(*metadata.level()),
            is_span: u32::from(metadata.is_span()),
            reserved: 0,
            fields: List { pointer: fields.as_ptr(), length: fields.len() },
        };
        let mut interest = TraceInterest::Sometimes as u32;
        // SAFETY: the host's own function and handle; the place and its texts live until it returns.
        let number = unsafe { (self.table.place)(self.origin, &raw const place, &raw mut interest) };
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        places.insert(address(metadata), number);
        (number, interest)
    }
}

impl Subscriber for Forwarder {
    fn register_callsite(&self, metadata: &'static Metadata<'static>) -> Interest {
        match self.announce(metadata).1 {
            interest if interest == TraceInterest::Never as u32 => Interest::never(),
            interest if interest == TraceInterest::Always as u32 => Interest::always(),
            _ => Interest::sometimes(),
        }
    }

    fn max_level_hint(&self) -> Option<LevelFilter> {
        // SAFETY: the host's own function and handle.
        Some(match unsafe { (self.table.level)(self.origin) } {
            Level::OFF => LevelFilter::OFF,
            Level::ERROR => LevelFilter::ERROR,
            Level::WARN => LevelFilter::WARN,
            Level::DEBUG => LevelFilter::DEBUG,
            Level::TRACE => LevelFilter::TRACE,
            _ => LevelFilter::INFO,
        })
    }

    fn enabled(&self, metadata: &Metadata<'_>) -> bool {
        // A place that is not known yet becomes so with its first event.
        // SAFETY: the host's own function, handle and number.
        self.known(metadata).is_none_or(|place| unsafe { (self.table.enabled)(self.origin, place) } != 0)
    }

    fn event(&self, event: &Event<'_>) {
        let mut values = Values::default();
        event.record(&mut values);
        let place = self.place(event.metadata());
        let parent = parent(event.is_root(), event.parent());
        // SAFETY: the host's own function, handle and numbers; the values live until it returns.
        values.lend(|values| unsafe { (self.table.event)(self.origin, place, parent, values) });
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        let mut values = Values::default();
        span.record(&mut values);
        let place = self.place(span.metadata());
        let parent = parent(span.is_root(), span.parent());
        // SAFETY: the host's own function, handle and numbers; the values live until it returns.
        let number = values.lend(|values| unsafe { (self.table.span)(self.origin, place, parent, values) });
        Id::from_u64(number)
    }

    fn record(&self, span: &Id, record: &Record<'_>) {
        let mut values = Values::default();
        record.record(&mut values);
        // SAFETY: the host's own function, handle and number; the values live until it returns.
        values.lend(|values| unsafe { (self.table.record)(self.origin, span.into_u64(), values) });
    }

    fn record_follows_from(&self, span: &Id, other: &Id) {
        // SAFETY: the host's own function, handle and numbers.
        unsafe { (self.table.follows)(self.origin, span.into_u64(), other.into_u64()) }
    }

    fn enter(&self, span: &Id) {
        // SAFETY: the host's own function, handle and number.
        unsafe { (self.table.enter)(self.origin, span.into_u64()) }
    }

    fn exit(&self, span: &Id) {
        // SAFETY: the host's own function, handle and number.
        unsafe { (self.table.exit)(self.origin, span.into_u64()) }
    }

    fn clone_span(&self, span: &Id) -> Id {
        // SAFETY: the host's own function, handle and number.
        unsafe { (self.table.clone)(self.origin, span.into_u64()) }
        span.clone()
    }

    fn try_close(&self, span: Id) -> bool {
        // SAFETY: the host's own function, handle and number.
        unsafe { (self.table.close)(self.origin, span.into_u64()) != 0 }
    }
}

fn address(metadata: &Metadata<'_>) -> usize {
    core::ptr::from_ref(metadata).addr()
}

fn parent(is_root: bool, parent: Option<&Id>) -> TraceParent {
    match parent {
        _ if is_root => TraceParent::ROOT,
        Some(span) => TraceParent(span.into_u64()),
        None => TraceParent::CURRENT,
    }
}

fn level(level: TracingLevel) -> Level {
    match level {
        TracingLevel::ERROR => Level::ERROR,
        TracingLevel::WARN => Level::WARN,
        TracingLevel::INFO => Level::INFO,
        TracingLevel::DEBUG => Level::DEBUG,
        TracingLevel::TRACE => Level::TRACE,
    }
}

//! The crate `metrics` in a plugin: what the library, and the crates that it links, record goes to the host's recorder.
//!
//! The library has its own copy of the crate's globals. [`install`] gives it a recorder that forwards to the host, if the host has one;
//! otherwise the crate's macros do nothing, as in every program without a recorder.
//!
//! # Failure
//! A library that has installed a recorder of its own keeps it.

#![expect(unsafe_code, reason = "calls the host through its function table")]

use core::ffi::c_void;
use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Once, PoisonError, RwLock};

use metrics::{
    Counter, CounterFn, Gauge, GaugeFn, Histogram, HistogramFn, Key, KeyName, Metadata, Recorder, SharedString, Unit,
    set_global_recorder,
};

use crate::abi::{LifeCall, List, MetricKind, MetricLabel, MetricsTable, Text};

/// Installs the recorder, if the host wants metrics and it isn't installed.
pub(crate) fn install(life: LifeCall) {
    static INSTALLED: Once = Once::new();
    // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
    let host = unsafe { life.host() };
    let Some(table) = host.metrics.filter(|table| table.size >= size_of::<MetricsTable>() as u32) else { return };
    // SAFETY: the host's own function and context.
    let origin = unsafe { (host.origin)(life.context) };
    // SAFETY: the host's own function and handle.
    if unsafe { (table.wanted)(origin) } != 0 {
        INSTALLED.call_once(|| {
            // A recorder of the library's own stays.
            let _ = set_global_recorder(Forwarder {
                table,
                origin,
                counters: RwLock::default(),
                gauges: RwLock::default(),
                histograms: RwLock::default(),
            });
        });
    }
}

/// A metric of the host.
#[derive(Clone, Copy)]
struct Remote {
    table: &'static MetricsTable,
    number: u64,
}

/// The recorder of the library.
struct Forwarder {
    table: &'static MetricsTable,
    origin: *const c_void,
    counters: Known<Counter>,
    gauges: Known<Gauge>,
    histograms: Known<Histogram>,
}

/// Handles that were given out: the crate's macros ask for theirs each time.
type Known<T> = RwLock<HashMap<Key, T>>;

// SAFETY: `origin` is a number to this library; the host's functions may be called on any thread.
unsafe impl Send for Forwarder {}
// SAFETY: as above.
unsafe impl Sync for Forwarder {}

impl Forwarder {
    fn describe(&self, kind: MetricKind, name: &KeyName, unit: Option<Unit>, text: &str) {
        let unit = Text::new(unit.map_or("", |unit| unit.as_str()));
        // SAFETY: the host's own function and handle; the texts live until it returns.
        unsafe { (self.table.describe)(self.origin, kind, Text::new(name.as_str()), unit, Text::new(text)) }
    }

    fn remote(&self, kind: MetricKind, key: &Key) -> Arc<Remote> {
        let labels: Vec<_> = key
            .labels()
            .map(|label| MetricLabel { name: Text::new(label.key()), value: Text::new(label.value()) })
            .collect();
        let labels = List { pointer: labels.as_ptr(), length: labels.len() };
        // SAFETY: the host's own function and handle; the texts live until it returns.
        let number = unsafe { (self.table.metric)(self.origin, kind, Text::new(key.name()), labels) };
        Arc::new(Remote { table: self.table, number })
    }
}

/// The value at `key`, made if there is none.
fn known<K: Clone + Eq + Hash, T: Clone>(all: &RwLock<HashMap<K, T>>, key: &K, make: impl FnOnce() -> T) -> T {
    if let Some(known) = all.read().unwrap_or_else(PoisonError::into_inner).get(key) {
        return known.clone();
    }
    all.write().unwrap_or_else(PoisonError::into_inner).entry(key.clone()).or_insert_with(make).clone()
}

impl Recorder for Forwarder {
    fn describe_counter(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(MetricKind::COUNTER, &name, unit, &text);
    }

    fn describe_gauge(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(MetricKind::GAUGE, &name, unit, &text);
    }

    fn describe_histogram(&self, name: KeyName, unit: Option<Unit>, text: SharedString) {
        self.describe(MetricKind::HISTOGRAM, &name, unit, &text);
    }

    fn register_counter(&self, key: &Key, _: &Metadata<'_>) -> Counter {
        known(&self.counters, key, || Counter::from_arc(self.remote(MetricKind::COUNTER, key)))
    }

    fn register_gauge(&self, key: &Key, _: &Metadata<'_>) -> Gauge {
        known(&self.gauges, key, || Gauge::from_arc(self.remote(MetricKind::GAUGE, key)))
    }

    fn register_histogram(&self, key: &Key, _: &Metadata<'_>) -> Histogram {
        known(&self.histograms, key, || Histogram::from_arc(self.remote(MetricKind::HISTOGRAM, key)))
    }
}

impl CounterFn for Remote {
    fn increment(&self, amount: u64) {
        // SAFETY: the host's own function and number.
        unsafe { (self.table.count)(self.number, amount, 0) }
    }

    fn absolute(&self, amount: u64) {
        // SAFETY: as above.
        unsafe { (self.table.count)(self.number, amount, 1) }
    }
}

impl GaugeFn for Remote {
    fn increment(&self, value: f64) {
        // SAFETY: the host's own function and number.
        unsafe { (self.table.gauge)(self.number, value, 0) }
    }

    fn decrement(&self, value: f64) {
        GaugeFn::increment(self, -value);
    }

    fn set(&self, value: f64) {
        // SAFETY: as above.
        unsafe { (self.table.gauge)(self.number, value, 1) }
    }
}

impl HistogramFn for Remote {
    fn record(&self, value: f64) {
        // SAFETY: the host's own function and number.
        unsafe { (self.table.record)(self.number, value) }
    }
}

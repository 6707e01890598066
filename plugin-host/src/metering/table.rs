//! Passes on what plugins record through the crate `metrics`.
//!
//! Each metric gets the label `plugin`, and none for the generation, so that a counter goes on over swaps.
//!
//! # Invariants
//! 1. No function of the table panics, whatever the recorder does: unwinding out of one would abort the process.

#![expect(unsafe_code, reason = "functions of the C ABI and the numbers in it")]

use std::collections::HashMap;
use std::ffi::c_void;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{LazyLock, Mutex, PoisonError};

use metrics::{Counter, Gauge, Histogram, Key, KeyName, Label, Level, Metadata, Unit, with_recorder};
use plugin_sdk::abi::{List, MetricKind, MetricLabel, MetricsTable, Text};

use crate::calls::callee::Callee;

pub(crate) static TABLE: MetricsTable = MetricsTable {
    size: size_of::<MetricsTable>() as u32,
    reserved: 0,
    wanted,
    describe,
    metric,
    count,
    gauge,
    record,
};

/// The recorder's metric. It lives until the process ends, as the libraries do; generations share it.
enum Metric {
    Counter(Counter),
    Gauge(Gauge),
    Histogram(Histogram),
}

static ALL: LazyLock<Mutex<HashMap<(MetricKind, Key), &'static Metric>>> = LazyLock::new(Mutex::default);

/// # Safety
/// `metric` returned the number.
unsafe fn numbered(number: u64) -> &'static Metric {
    // SAFETY: by contract it is the address of a leaked metric.
    unsafe { &*std::ptr::with_exposed_provenance(number as usize) }
}

/// A recorder's panic costs what was to be recorded.
fn contained(body: impl FnOnce()) {
    let _ = catch_unwind(AssertUnwindSafe(body));
}

unsafe extern "C" fn wanted(_: *const c_void) -> u32 {
    u32::from(super::is_wanted())
}

unsafe extern "C" fn describe(_: *const c_void, kind: MetricKind, name: Text, unit: Text, text: Text) {
    // SAFETY: the plugin keeps its texts alive for this call.
    let owned = |text: Text| unsafe { text.to_owned_text() };
    let (name, unit, text) = (KeyName::from(owned(name)), Unit::from_string(&owned(unit)), owned(text).into());
    contained(|| {
        with_recorder(|recorder| match kind {
            MetricKind::COUNTER => recorder.describe_counter(name, unit, text),
            MetricKind::HISTOGRAM => recorder.describe_histogram(name, unit, text),
            _ => recorder.describe_gauge(name, unit, text),
        });
    });
}

unsafe extern "C" fn metric(origin: *const c_void, kind: MetricKind, name: Text, labels: List<MetricLabel>) -> u64 {
    // SAFETY: the plugin passes its handle, a callee, which is never freed.
    let callee: &'static Callee = unsafe { &*origin.cast() };
    // SAFETY: the plugin keeps the labels alive for this call.
    let labels = unsafe { labels.as_slice() };
    // SAFETY: the plugin keeps its texts alive for this call.
    let owned = |text: Text| unsafe { text.to_owned_text() };
    let mut labels: Vec<_> = labels.iter().map(|label| Label::new(owned(label.name), owned(label.value))).collect();
    labels.retain(|label| label.key() != "plugin");
    labels.push(Label::new("plugin", callee.plugin.clone()));
    let key = Key::from_parts(owned(name), labels);
    let mut all = ALL.lock().unwrap_or_else(PoisonError::into_inner);
    let metric: &'static Metric =
        all.entry((kind, key.clone())).or_insert_with(|| Box::leak(Box::new(register(kind, &key))));
    std::ptr::from_ref(metric).expose_provenance() as u64
}

fn register(kind: MetricKind, key: &Key) -> Metric {
    let metadata = Metadata::new(module_path!(), Level::INFO, None);
    let register = || {
        with_recorder(|recorder| match kind {
            MetricKind::COUNTER => Metric::Counter(recorder.register_counter(key, &metadata)),
            MetricKind::HISTOGRAM => Metric::Histogram(recorder.register_histogram(key, &metadata)),
            _ => Metric::Gauge(recorder.register_gauge(key, &metadata)),
        })
    };
    catch_unwind(AssertUnwindSafe(register)).unwrap_or(Metric::Gauge(Gauge::noop()))
}

unsafe extern "C" fn count(number: u64, amount: u64, is_absolute: u32) {
    // SAFETY: the plugin passes a number that it got.
    let Metric::Counter(counter) = (unsafe { numbered(number) }) else { return };
    contained(|| if is_absolute == 0 { counter.increment(amount) } else { counter.absolute(amount) });
}

unsafe extern "C" fn gauge(number: u64, value: f64, is_absolute: u32) {
    // SAFETY: the plugin passes a number that it got.
    let Metric::Gauge(gauge) = (unsafe { numbered(number) }) else { return };
    contained(|| if is_absolute == 0 { gauge.increment(value) } else { gauge.set(value) });
}

unsafe extern "C" fn record(number: u64, value: f64) {
    // SAFETY: the plugin passes a number that it got.
    let Metric::Histogram(histogram) = (unsafe { numbered(number) }) else { return };
    contained(|| histogram.record(value));
}

//! How counters, gauges and histograms that a library records through the crate `metrics` reach the host's recorder.

use core::ffi::c_void;

use super::text::{List, Text};

/// The host's functions for a library's metrics. They may be called at any time and on any thread. `origin` is what
/// [`HostTable::origin`](super::HostTable::origin) returned; a metric's number is valid until the process ends.
#[derive(Debug)]
#[repr(C)]
pub struct MetricsTable {
    /// `size_of::<MetricsTable>()` of the host's build: fields are only ever appended.
    pub size: u32,
    /// Zero.
    pub reserved: u32,
    /// Whether the host has a recorder; 0 if not, and then the library need not record anything.
    pub wanted: unsafe extern "C" fn(origin: *const c_void) -> u32,
    /// Describes the metrics of a name. `unit` is one of the crate's names of units, or empty.
    pub describe: unsafe extern "C" fn(origin: *const c_void, kind: MetricKind, name: Text, unit: Text, text: Text),
    /// The number of a metric.
    pub metric:
        unsafe extern "C" fn(origin: *const c_void, kind: MetricKind, name: Text, labels: List<MetricLabel>) -> u64,
    /// Adds to a counter, or sets it if `is_absolute` isn't 0.
    pub count: unsafe extern "C" fn(metric: u64, amount: u64, is_absolute: u32),
    /// Adds to a gauge, or sets it if `is_absolute` isn't 0.
    pub gauge: unsafe extern "C" fn(metric: u64, value: f64, is_absolute: u32),
    /// Records a value in a histogram.
    pub record: unsafe extern "C" fn(metric: u64, value: f64),
}

/// Kind of a metric. An unknown number counts as [`MetricKind::GAUGE`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[repr(transparent)]
pub struct MetricKind(pub u32);

impl MetricKind {
    /// Grows.
    pub const COUNTER: Self = Self(0);
    /// Has a value.
    pub const GAUGE: Self = Self(1);
    /// Collects values.
    pub const HISTOGRAM: Self = Self(2);
}

/// A label of a metric.
#[derive(Clone, Copy, Debug)]
#[repr(C)]
pub struct MetricLabel {
    /// Its name.
    pub name: Text,
    /// Its value.
    pub value: Text,
}

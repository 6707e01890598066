//! The values of an event's or a span's fields, as the host gets them.

use core::fmt::{self, Write as _};
use std::panic::{AssertUnwindSafe, catch_unwind};

use tracing_core::field::{Field, Visit};

use crate::abi::{List, Text, TraceKind, TraceValue};

/// Stands for a value that can't be formatted.
const PANICKED: &str = "(its formatting panicked)";

/// The values, in the order in which they were given.
#[derive(Default)]
pub(super) struct Values(Vec<Value>);

struct Value {
    field: u32,
    kind: TraceKind,
    bits: u64,
    text: String,
}

impl Values {
    /// Lends the values to `receiver`.
    pub(super) fn lend<T>(self, receiver: impl FnOnce(List<TraceValue>) -> T) -> T {
        let values: Vec<TraceValue> = self.0.iter().map(Value::as_abi).collect();
        receiver(List { pointer: values.as_ptr(), length: values.len() })
    }

    fn push(&mut self, field: &Field, kind: TraceKind, bits: u64, text: String) {
        self.0.push(Value { field: field.index() as u32, kind, bits, text });
    }
}

impl Value {
    fn as_abi(&self) -> TraceValue {
        TraceValue { field: self.field, kind: self.kind as u32, bits: self.bits, text: Text::new(&self.text) }
    }
}

impl Visit for Values {
    fn record_f64(&mut self, field: &Field, value: f64) {
        self.push(field, TraceKind::Float, value.to_bits(), String::new());
    }

    fn record_i64(&mut self, field: &Field, value: i64) {
        self.push(field, TraceKind::Signed, value.cast_unsigned(), String::new());
    }

    fn record_u64(&mut self, field: &Field, value: u64) {
        self.push(field, TraceKind::Unsigned, value, String::new());
    }

    fn record_bool(&mut self, field: &Field, value: bool) {
        self.push(field, TraceKind::Bool, u64::from(value), String::new());
    }

    fn record_str(&mut self, field: &Field, value: &str) {
        self.push(field, TraceKind::Str, 0, value.to_owned());
    }

    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        self.push(field, TraceKind::Shown, 0, shown(value));
    }
}

/// The value as text. An error of its formatting cuts the text off, and a panic is noted in it.
fn shown(value: &dyn fmt::Debug) -> String {
    let mut text = String::new();
    if let Err(payload) = catch_unwind(AssertUnwindSafe(|| write!(text, "{value:?}"))) {
        text.push_str(PANICKED);
        // Its drop could panic, too.
        core::mem::forget(payload);
    }
    text
}

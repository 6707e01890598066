//! The values of a place's fields, as a subscriber gets them.

use plugin_sdk::abi::{TraceKind, TraceValue};
use tracing::field::{DisplayValue, Value, ValueSet, display};

use super::place::{ADDED, Place};
use crate::calls::callee::Callee;

/// The value of one field.
enum Given {
    Shown(DisplayValue<String>),
    Str(String),
    Signed(i64),
    Unsigned(u64),
    Float(f64),
    Bool(bool),
}

impl Given {
    /// # Safety
    /// The value's text is valid.
    unsafe fn of(value: &TraceValue) -> Self {
        // SAFETY: by contract.
        let text = || unsafe { value.text.to_owned_text() };
        match value.kind {
            kind if kind == TraceKind::Str as u32 => Self::Str(text()),
            kind if kind == TraceKind::Signed as u32 => Self::Signed(value.bits.cast_signed()),
            kind if kind == TraceKind::Unsigned as u32 => Self::Unsigned(value.bits),
            kind if kind == TraceKind::Float as u32 => Self::Float(f64::from_bits(value.bits)),
            kind if kind == TraceKind::Bool as u32 => Self::Bool(value.bits != 0),
            _ => Self::Shown(display(text())),
        }
    }

    fn as_value(&self) -> &dyn Value {
        match self {
            Self::Shown(text) => text,
            Self::Str(text) => text,
            Self::Signed(number) => number,
            Self::Unsigned(number) => number,
            Self::Float(number) => number,
            Self::Bool(flag) => flag,
        }
    }
}

/// Passes `values` to `receiver`, with the plugin and its generation if `callee` is given.
///
/// # Safety
/// The values' texts are valid.
pub(super) unsafe fn with<T>(
    place: &Place,
    values: &[TraceValue],
    callee: Option<&Callee>,
    receiver: impl FnOnce(&ValueSet<'_>) -> T,
) -> T {
    let fields = place.metadata().fields();
    // SAFETY: by contract.
    let given: Vec<Given> = values.iter().map(|value| unsafe { Given::of(value) }).collect();
    let mut all: Vec<Option<&dyn Value>> = vec![None; fields.len()];
    let own = fields.len() - ADDED.len();
    for (value, given) in values.iter().zip(&given) {
        if let Some(field) = all[..own].get_mut(value.field as usize) {
            *field = Some(given.as_value());
        }
    }
    let generation = callee.map(|callee| (&*callee.plugin, callee.generation()));
    if let Some((plugin, generation)) = &generation {
        all[own] = Some(plugin);
        all[own + 1] = Some(generation);
    }
    receiver(&fields.value_set_all(&all))
}

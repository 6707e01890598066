//! The change of a counter between two snapshots.

/// Its rate of growth and its value.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Change {
    pub(super) rate: f64,
    pub(super) total: u64,
}

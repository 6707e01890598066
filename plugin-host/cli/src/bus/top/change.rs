//! A counter between two snapshots.

/// How fast it grew, and where it stands.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Change {
    pub(super) rate: f64,
    pub(super) total: u64,
}

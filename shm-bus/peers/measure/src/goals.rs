//! Goals, as limits on our figure.

/// One goal.
#[derive(Clone, Copy, Debug)]
pub struct Goal {
    /// For people.
    pub what: &'static str,
    /// The case whose row `hotframe` is limited.
    pub case: &'static str,
    /// The limit.
    pub at_most: Limit,
}

/// The limit on our figure; it holds on every processor.
#[derive(Clone, Copy, Debug)]
pub enum Limit {
    /// Of the figure itself.
    Nanoseconds(f64),
    /// This many times a peer's figure of the same case.
    Times(f64, &'static str),
    /// Another of our own rows may be at most this many times this one.
    Holds(f64, &'static str),
}

/// The goal `what`.
#[must_use]
pub const fn goal(what: &'static str, case: &'static str, at_most: Limit) -> Goal {
    Goal { what, case, at_most }
}

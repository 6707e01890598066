//! Support for tests with really loaded plugins: fixtures built by cargo, and the log as text.

pub(crate) mod fixtures;
pub(crate) mod line;
pub(crate) mod log;

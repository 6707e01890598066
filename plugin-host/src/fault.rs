//! Why a plugin's call failed.

use std::fmt;

/// Why a plugin's call failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// The plugin's message.
    pub message: String,
    /// `file:line:column` of a panic, otherwise empty.
    pub location: String,
}

impl fmt::Display for Fault {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)?;
        if self.location.is_empty() { Ok(()) } else { write!(out, ", at {}", self.location) }
    }
}

impl std::error::Error for Fault {}

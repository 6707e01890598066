//! Errors that an export returns. The caller gets a code and a text.

use core::fmt::{self, Display, Write as _};
use std::error::Error;

/// Causes of an error that are shown.
const CAUSES_MAX: usize = 32;

/// What an export returns; `Result<T>` is `Result<T, CallError>`.
pub type Result<T, E = CallError> = core::result::Result<T, E>;

/// An error with a code and a text, for exports whose errors need no type of their own.
///
/// `?` makes one of every [`std::error::Error`], with the texts of its causes and the code 0. A type with codes of its own implements
/// [`ExportError`], and the export returns it as it is: `Result<T, OwnError>`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallError {
    /// Tells the caller's program which error it is; 0 if that doesn't matter.
    pub code: u32,
    /// Tells a person.
    pub message: String,
}

impl CallError {
    /// An error with this code and text.
    #[must_use]
    pub fn new(code: u32, message: impl Into<String>) -> Self {
        Self { code, message: message.into() }
    }
}

impl Display for CallError {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl<E: Error> From<E> for CallError {
    fn from(error: E) -> Self {
        Self { code: 0, message: with_causes(&error) }
    }
}

/// An author's own error type. Its text is that of `Display`, followed by those of its causes if it is a [`std::error::Error`].
///
/// It is optional: an export may return every error that implements `Display`. Without this trait its code is 0.
pub trait ExportError: Display {
    /// Tells the caller's program which error it is.
    fn code(&self) -> u32 {
        0
    }
}

impl ExportError for CallError {
    fn code(&self) -> u32 {
        self.code
    }
}

/// The texts of an error and its causes, separated by colons.
pub(crate) fn with_causes<E: Error + ?Sized>(error: &E) -> String {
    let mut text = String::new();
    // A failing `Display` cuts its text off; `to_string` would panic at a location outside of the plugin.
    let _ = write!(text, "{error}");
    for cause in core::iter::successors(error.source(), |&cause| cause.source()).take(CAUSES_MAX) {
        let _ = write!(text, ": {cause}");
    }
    text
}

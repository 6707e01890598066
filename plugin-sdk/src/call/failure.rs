//! Why a call of another plugin has no result.

use core::fmt;

pub use crate::abi::FailureKind;

/// Why a call of another plugin has no result. After the kinds `Failed`, `Panicked` and `Reply` the method has run; after every other kind it
/// has not been called.
///
/// It is a [`std::error::Error`]: `?` makes a [`CallError`](super::CallError) of it in an export, whose code is 0.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CallFailure {
    /// The kind.
    pub kind: FailureKind,
    /// The code of the error that the export returned; 0 if it has none.
    pub code: u32,
    /// Tells a person what failed.
    pub message: String,
}

impl fmt::Display for CallFailure {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.write_str(&self.message)
    }
}

impl std::error::Error for CallFailure {}

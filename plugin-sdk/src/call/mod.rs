//! Calls of exports as their authors see them: the call's context, calls of other plugins, and
//! the errors of both.
//!
//! It knows nothing of MessagePack or of the C ABI's pointers; `glue` translates.

mod context;
mod error;
mod failure;
pub(crate) mod nested;

pub use context::CallContext;
pub(crate) use error::with_causes;
pub use error::{CallError, ExportError, Result};
pub use failure::{CallFailure, FailureKind};
pub use nested::{Calling, OtherExport, OtherPlugin, Within};

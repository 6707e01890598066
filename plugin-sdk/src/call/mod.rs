//! Calls of exports as their authors see them: the call's context, and the errors that an export returns.
//!
//! It knows nothing of MessagePack or of the C ABI's pointers; `glue` translates.

mod context;
mod error;

pub use context::CallContext;
pub(crate) use error::with_causes;
pub use error::{CallError, ExportError, Result};

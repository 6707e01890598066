//! How a call ends without a reply, except by a panic.

use crate::call::CallError;

/// Why a call has no reply.
#[derive(Debug)]
pub enum Failure {
    /// The arguments are not the method's.
    Refused(String),
    /// The method returned an error, or its reply can't be written.
    Failed(CallError),
}

//! The host's functions by which plugins call one another.

use std::ffi::c_void;
use std::time::{Duration, Instant};

use plugin_sdk::abi::{CallInfo, FailureKind, List, NestedFailure, Sink, Status, Text};

use super::context;
use crate::call_error::CallError;
use crate::context::Context;
use crate::lineage::Lineage;

pub(super) unsafe extern "C" fn find_export(
    at: *mut c_void,
    plugin: Text,
    method: Text,
    signature: Text,
    number: *mut u64,
    failure: *mut NestedFailure,
) -> Status {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let plugin = unsafe { plugin.to_owned_text() };
    // SAFETY: as above.
    let method = unsafe { method.to_owned_text() };
    // SAFETY: as above.
    let signature = unsafe { signature.to_owned_text() };
    let signature = Some(&*signature).filter(|signature| !signature.is_empty());
    let lineage = child_of(context, u64::MAX);
    let Some(exports) = context.callee.home.exports() else {
        // SAFETY: the plugin passes a place for the failure.
        return unsafe { ended(failure) };
    };
    match exports.find(&plugin, &method, signature, lineage.patience()) {
        Ok(found) => {
            // SAFETY: the plugin passes a place for the number.
            unsafe { *number = found };
            Status::OK
        }
        // SAFETY: the plugin passes a place for the failure.
        Err(error) => unsafe { fail(failure, &error) },
    }
}

pub(super) unsafe extern "C" fn call_export(
    at: *mut c_void,
    number: u64,
    limit_ns: u64,
    arguments: List<u8>,
    reply: Sink,
    failure: *mut NestedFailure,
) -> Status {
    // SAFETY: the plugin passes its call's context, which nobody uses during the call below.
    let context = unsafe { context(at) };
    let lineage = child_of(context, limit_ns);
    let Some(exports) = context.callee.home.exports() else {
        // SAFETY: the plugin passes a place for the failure.
        return unsafe { ended(failure) };
    };
    // SAFETY: the plugin keeps the arguments alive for this call.
    let arguments = unsafe { arguments.as_slice() };
    match exports.call(number, &lineage, arguments, reply) {
        Ok(()) => Status::OK,
        // SAFETY: the plugin passes a place for the failure.
        Err(error) => unsafe { fail(failure, &error) },
    }
}

pub(super) unsafe extern "C" fn call_info(at: *mut c_void, info: *mut CallInfo) -> Status {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin passes a place for it, and its size comes first in every version.
    if unsafe { (*info).size } < size_of::<CallInfo>() as u32 {
        return Status::INVALID;
    }
    let lineage = context.lineage;
    let left = lineage.deadline().map(|deadline| deadline.saturating_duration_since(Instant::now()));
    let described = CallInfo {
        size: size_of::<CallInfo>() as u32,
        depth: lineage.depth(),
        remaining_ns: left.map_or(u64::MAX, |left| u64::try_from(left.as_nanos()).unwrap_or(u64::MAX)),
        trace: lineage.trace(),
        span: lineage.span(),
        caller: Text::new(lineage.caller().unwrap_or_default()),
    };
    // SAFETY: long enough, checked above.
    unsafe { *info = described };
    Status::OK
}

/// The lineage of a call that the plugin makes within its current one.
fn child_of(context: &Context<'_>, limit_ns: u64) -> Lineage {
    let limit = if limit_ns == u64::MAX { None } else { Some(Duration::from_nanos(limit_ns)) };
    let deadline = limit.and_then(|limit| Instant::now().checked_add(limit));
    context.lineage.child(&context.callee.plugin, deadline)
}

/// Tells the plugin that nobody can be called any more.
///
/// # Safety
/// `failure` is valid.
#[cold]
unsafe fn ended(failure: *mut NestedFailure) -> Status {
    // SAFETY: by contract.
    unsafe { tell(failure, FailureKind::Other, 0, "the host has ended") }
}

/// Tells the plugin why its call has no result.
///
/// # Safety
/// `failure` is valid.
#[cold]
unsafe fn fail(failure: *mut NestedFailure, error: &CallError) -> Status {
    let (kind, code) = kind_of(error);
    // SAFETY: by contract.
    unsafe { tell(failure, kind, code, &error.to_string()) }
}

/// # Safety
/// `failure` is valid.
unsafe fn tell(failure: *mut NestedFailure, kind: FailureKind, code: u32, text: &str) -> Status {
    // SAFETY: valid by contract, and its size comes first in every version.
    if unsafe { (*failure).size } < size_of::<NestedFailure>() as u32 {
        return Status::INVALID;
    }
    // SAFETY: valid and long enough.
    let failure = unsafe { &mut *failure };
    (failure.kind, failure.code) = (kind as u32, code);
    // SAFETY: the plugin's own function and context; the text lives until it returns. A text that it can't take is lost.
    let _ = unsafe { (failure.text.write)(failure.text.context, text.as_ptr(), text.len()) };
    Status::FAILED
}

/// Kind and code of an error.
const fn kind_of(error: &CallError) -> (FailureKind, u32) {
    match error {
        CallError::UnknownPlugin { .. } => (FailureKind::UnknownPlugin, 0),
        CallError::UnknownMethod { .. } => (FailureKind::UnknownMethod, 0),
        CallError::Signature { .. } => (FailureKind::Signature, 0),
        CallError::TooManyExports { .. } | CallError::UnknownNumber { .. } => (FailureKind::Other, 0),
        CallError::Removed { .. } => (FailureKind::Removed, 0),
        CallError::Suspended { .. } => (FailureKind::Suspended, 0),
        CallError::Reentrant { .. } => (FailureKind::Reentrant, 0),
        CallError::TooDeep { .. } => (FailureKind::TooDeep, 0),
        CallError::TimedOut { .. } => (FailureKind::TimedOut, 0),
        CallError::Arguments { .. } => (FailureKind::Arguments, 0),
        CallError::Reply { .. } => (FailureKind::Reply, 0),
        CallError::Failed { code, .. } => (FailureKind::Failed, *code),
        CallError::Panicked { .. } => (FailureKind::Panicked, 0),
    }
}

//! The frame of an export's shim: checks the call, runs the method under the guard, and makes a status of its outcome.

#![expect(unsafe_code, reason = "the plugin's side of the C ABI")]

use core::ffi::c_void;
use core::ptr::NonNull;

use super::arguments::Arguments;
use super::failure::Failure;
use super::reply::Reply;
use crate::abi::{ExportCall, LifeCall, List, Sink, Status, Text};
use crate::call::{CallContext, CallError};
use crate::unwind;

/// A call as the host passes it, without the instance.
#[derive(Debug)]
pub struct Incoming {
    /// The host's call.
    pub call: *mut ExportCall,
    /// MessagePack.
    pub arguments: List<u8>,
    /// Takes the reply.
    pub reply: Sink,
    /// The method's canonical text, for errors.
    pub signature: &'static str,
}

/// Calls a method that takes `&self`.
///
/// # Safety
/// `instance` is of type `S` and not in exclusive use; `incoming` is valid and this call's own.
#[inline(always)]
pub unsafe fn call_shared<S>(
    instance: *mut c_void,
    incoming: Incoming,
    body: impl for<'call> FnOnce(&'call S, &'call CallContext<'call>, Arguments<'call>, Reply) -> Result<(), Failure>,
) -> Status
where
    S: Sync, // Several threads may call `&self` exports at once; write `&mut self` for one at a time.
{
    // SAFETY: valid and this call's own, by contract.
    let Some(incoming) = (unsafe { open(incoming) }) else { return Status::INVALID };
    run(&incoming, |context, arguments, reply| {
        // SAFETY: of type `S` and not in exclusive use, by contract.
        let state = unsafe { &*instance.cast::<S>() };
        body(state, context, arguments, reply)
    })
}

/// Calls a method that takes `&mut self`.
///
/// # Safety
/// `instance` is of type `S` and not in use elsewhere; `incoming` is valid and this call's own.
#[inline(always)]
pub unsafe fn call_exclusive<S>(
    instance: *mut c_void,
    incoming: Incoming,
    body: impl for<'call> FnOnce(&'call mut S, &'call CallContext<'call>, Arguments<'call>, Reply) -> Result<(), Failure>,
) -> Status {
    // SAFETY: valid and this call's own, by contract.
    let Some(incoming) = (unsafe { open(incoming) }) else { return Status::INVALID };
    run(&incoming, |context, arguments, reply| {
        // SAFETY: of type `S` and exclusive, by contract.
        let state = unsafe { &mut *instance.cast::<S>() };
        body(state, context, arguments, reply)
    })
}

/// An [`Incoming`] with references, which are valid until the shim returns.
struct Opened<'call> {
    call: &'call ExportCall,
    arguments: &'call [u8],
    reply: Sink,
    signature: &'static str,
}

/// `None` if the host's call is shorter than this build's.
///
/// # Safety
/// `incoming` is valid for `'call`.
#[inline(always)]
unsafe fn open<'call>(incoming: Incoming) -> Option<Opened<'call>> {
    let Incoming { call, arguments, reply, signature } = incoming;
    let call = NonNull::new(call)?;
    // SAFETY: valid, and its size comes first in every version.
    if unsafe { (*call.as_ptr()).size } < size_of::<ExportCall>() as u32 {
        return None;
    }
    // SAFETY: valid and whole, checked above.
    let call = unsafe { call.as_ref() };
    // SAFETY: valid by contract.
    let arguments = unsafe { arguments.as_slice() };
    Some(Opened { call, arguments, reply, signature })
}

#[inline(always)]
fn run<'call>(
    opened: &Opened<'call>,
    body: impl FnOnce(&CallContext<'call>, Arguments<'call>, Reply) -> Result<(), Failure>,
) -> Status {
    let life = opened.call.life;
    unwind::guard_status(life, || {
        let context = CallContext::new(opened.call);
        let arguments = Arguments::new(opened.arguments, opened.signature);
        match body(&context, arguments, Reply::new(opened.reply, opened.signature)) {
            Ok(()) => Ok(Status::OK),
            Err(Failure::Refused(reason)) => Err(reason),
            Err(Failure::Failed(error)) => {
                tell(life, &error);
                Ok(Status::FAILED)
            }
        }
    })
}

#[cold]
fn tell(life: LifeCall, error: &CallError) {
    // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
    let host = unsafe { life.host() };
    // SAFETY: the host's own function and context; the text lives until it returns.
    unsafe { (host.failed)(life.context, error.code, Text::new(&error.message)) }
}

//! The function table through which a plugin calls the host.
//!
//! # Invariants
//! 1. No function of the table panics: unwinding out of one would abort the process.

#![expect(unsafe_code, reason = "the host's functions of the C ABI")]

mod nested;

use std::ffi::c_void;

use plugin_sdk::abi::{Call, HostTable, Level, LifeCall, Status, Text};
use tracing::dispatcher;

use crate::calls::callee::Callee;
use crate::context::{Context, Failure, StateReport};
use crate::fault::Fault;
use crate::ports::Port;

static TABLE: HostTable = HostTable {
    size: size_of::<HostTable>() as u32,
    reserved: 0,
    arena_refill,
    loan_begin,
    loan_commit,
    loan_cancel,
    send,
    log,
    fault,
    state_report,
    panicked,
    unwound,
    origin,
    stray,
    failed,
    find_export: nested::find_export,
    call_export: nested::call_export,
    call_info: nested::call_info,
    trace: Some(&crate::trace::TABLE),
    metrics: Some(&crate::metering::TABLE),
};

/// The plugin's access to the host; valid while `context` is borrowed.
pub(crate) fn life(context: &mut Context<'_>) -> LifeCall {
    LifeCall { host: &raw const TABLE, context: std::ptr::from_mut(context).cast() }
}

/// # Safety
/// `context` came from [`life`] in the current call on this thread.
unsafe fn context<'a>(context: *mut c_void) -> &'a mut Context<'a> {
    // SAFETY: by contract; the caller of the plugin doesn't touch it meanwhile.
    unsafe { &mut *context.cast() }
}

/// # Safety
/// The same as for [`context()`].
unsafe fn port<'a>(at: *mut c_void, number: u32) -> Option<&'a mut Port> {
    // SAFETY: the same contract.
    let context = unsafe { context(at) };
    context.frame.as_mut()?.ports.get_mut(number as usize)
}

unsafe extern "C" fn arena_refill(at: *mut c_void, call: *mut Call, size: usize, align: usize) -> Status {
    // SAFETY: the plugin passes its call's context.
    let Context { callee, entry_point, frame: Some(frame), .. } = (unsafe { context(at) }) else {
        return Status::INVALID;
    };
    // SAFETY: the plugin passes its call, which lives on the host's stack.
    let spent = unsafe { (*call).arena };
    match frame.piece.refill(spent, size, align) {
        Ok(piece) => {
            // SAFETY: as above.
            unsafe { (*call).arena = piece };
            Status::OK
        }
        Err(refusal) => {
            refusal.tell(&callee.plugin, &callee.display_entry_point(*entry_point));
            Status::FULL
        }
    }
}

unsafe extern "C" fn loan_begin(at: *mut c_void, number: u32, length: usize, memory: *mut *mut u8) -> Status {
    // SAFETY: the plugin passes its call's context.
    let Some(port) = (unsafe { port(at, number) }) else { return Status::INVALID };
    match port.begin(length) {
        Ok(place) => {
            // SAFETY: the plugin passes a valid place for the pointer.
            unsafe { *memory = place };
            Status::OK
        }
        Err(status) => status,
    }
}

unsafe extern "C" fn loan_commit(at: *mut c_void, number: u32, length: usize) -> Status {
    // SAFETY: the plugin passes its call's context.
    let port = unsafe { port(at, number) };
    port.map_or(Status::INVALID, |port| port.commit(length))
}

unsafe extern "C" fn loan_cancel(at: *mut c_void, number: u32) -> Status {
    // SAFETY: the plugin passes its call's context.
    let port = unsafe { port(at, number) };
    port.map_or(Status::INVALID, |port| {
        port.cancel();
        Status::OK
    })
}

unsafe extern "C" fn send(at: *mut c_void, number: u32, payload: *const u8, length: usize) -> Status {
    // SAFETY: the plugin passes its call's context.
    let Some(port) = (unsafe { port(at, number) }) else { return Status::INVALID };
    // SAFETY: the plugin passes as many bytes as it says, from a slice, hence not null.
    port.send(unsafe { std::slice::from_raw_parts(payload, length) })
}

unsafe extern "C" fn log(at: *mut c_void, level: Level, message: Text) {
    // SAFETY: the plugin passes its call's context.
    let Context { callee, generation, .. } = unsafe { context(at) };
    let plugin = &callee.plugin;
    // SAFETY: the plugin keeps the text alive for this call.
    let message = unsafe { message.to_owned_text() };
    match level {
        Level::ERROR => tracing::error!(plugin, generation, "{message}"),
        Level::WARN => tracing::warn!(plugin, generation, "{message}"),
        Level::DEBUG => tracing::debug!(plugin, generation, "{message}"),
        Level::TRACE => tracing::trace!(plugin, generation, "{message}"),
        _ => tracing::info!(plugin, generation, "{message}"),
    }
}

unsafe extern "C" fn fault(at: *mut c_void, message: Text, location: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps both texts alive for this call.
    context.note(unsafe { told(message, location) });
}

/// Logs immediately: what follows may end the process, for example a panic in a destructor.
unsafe extern "C" fn panicked(at: *mut c_void, message: Text, location: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps both texts alive for this call.
    let fault = unsafe { told(message, location) };
    let Context { callee, entry_point, generation, .. } = context;
    let plugin = &callee.plugin;
    tracing::error!(plugin, generation, "{plugin} panicked {}: {fault}", callee.display_entry_point(*entry_point));
    context.told().panic = Some(fault);
}

unsafe extern "C" fn unwound(at: *mut c_void, is_told: u32, message: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let message = unsafe { message.to_owned_text() };
    let last = context.told().panic.take().filter(|_| is_told != 0);
    context.note(last.unwrap_or(Fault { message, location: String::new() }));
}

unsafe extern "C" fn origin(at: *mut c_void) -> *const c_void {
    // SAFETY: the plugin passes its call's context.
    std::ptr::from_ref(unsafe { context(at) }.callee).cast()
}

unsafe extern "C" fn stray(origin: *const c_void, message: Text, location: Text, thread: Text) {
    // SAFETY: the plugin passes the pointer that `origin` returned, which is never freed.
    let callee: &'static Callee = unsafe { &*origin.cast() };
    // SAFETY: the plugin keeps both texts alive for this call.
    let fault = unsafe { told(message, location) };
    // SAFETY: as above.
    let thread = unsafe { thread.to_owned_text() };
    dispatcher::with_default(&callee.home.log, || {
        let (plugin, generation) = (&callee.plugin, callee.generation());
        tracing::error!(plugin, generation, thread, "a thread of {plugin} panicked: {fault}");
    });
}

/// # Safety
/// Both are valid texts.
unsafe fn told(message: Text, location: Text) -> Fault {
    // SAFETY: by contract.
    let message = unsafe { message.to_owned_text() };
    // SAFETY: by contract.
    let location = unsafe { location.to_owned_text() };
    Fault { message, location }
}

unsafe extern "C" fn failed(at: *mut c_void, code: u32, message: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let message = unsafe { message.to_owned_text() };
    context.told().failure = Some(Failure { code, message });
}

unsafe extern "C" fn state_report(at: *mut c_void, level: Level, report: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let text = unsafe { report.to_owned_text() };
    context.told().report = Some(StateReport { level, text });
}

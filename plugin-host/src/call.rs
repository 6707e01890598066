//! The host's side of a call: the function table for plugins, and the context that its functions use.
//!
//! # Invariants
//! 1. A [`Context`] lives on the caller's stack for one call, and only that call's thread uses it.
//! 2. No function of the table panics: unwinding out of one would abort the process.

#![expect(unsafe_code, reason = "the host's functions of the C ABI")]

use std::ffi::c_void;
use std::fmt;

use plugin_sdk::abi::{Bump, Call, HostTable, Level, LifeCall, Sink, Status, Text};
use tracing::dispatcher;

use crate::arena::Piece;
use crate::calls::callee::{Callee, EntryPoint, UnderWay};
use crate::ports::Port;

/// Limit beyond which a fault's message is not extended, in bytes.
const MESSAGE_BYTES_MAX: usize = 1024;

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

/// State of one call, used by the table's functions.
pub(crate) struct Context<'a> {
    callee: &'static Callee,
    entry_point: EntryPoint,
    generation: u32,
    /// `None` in `create`, `save` and `destroy`, which run outside of frames.
    frame: Option<FrameAccess<'a>>,
    /// The last reported panic, even if the plugin caught it.
    panic: Option<Fault>,
    fault: Option<Fault>,
    report: Option<StateReport>,
    /// The error that an export returned.
    failure: Option<Failure>,
    _under_way: UnderWay,
}

/// The error that an export returned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Failure {
    /// 0 if it has none.
    pub(crate) code: u32,
    pub(crate) message: String,
}

/// The fate of a plugin's state in a handover, as reported by the SDK.
#[derive(Debug)]
pub(crate) struct StateReport {
    level: Level,
    text: String,
}

impl StateReport {
    /// Logs the report.
    pub(crate) fn tell(&self, plugin: &str) {
        let text = &self.text;
        match self.level {
            Level::WARN => tracing::warn!(plugin, "{plugin}'s state: {text}"),
            Level::DEBUG => tracing::debug!(plugin, "{plugin}'s state: {text}"),
            _ => tracing::info!(plugin, "{plugin}'s state: {text}"),
        }
    }
}

/// Resources that only a call within a frame may use.
pub(crate) struct FrameAccess<'a> {
    pub(crate) piece: Piece<'a>,
    pub(crate) ports: &'a mut [Port],
}

impl<'a> Context<'a> {
    /// Context of a call that begins now, for `entry_point`.
    pub(crate) fn new(
        callee: &'static Callee,
        entry_point: EntryPoint,
        generation: u32,
        frame: Option<FrameAccess<'a>>,
    ) -> Self {
        Self::under_way(callee, entry_point, generation, frame, callee.enter(entry_point))
    }

    /// Context of an export that begins now, beside which others may run.
    pub(crate) fn beside_others(callee: &'static Callee, entry_point: EntryPoint, generation: u32) -> Self {
        Self::under_way(callee, entry_point, generation, None, callee.enter_beside_others(entry_point))
    }

    const fn under_way(
        callee: &'static Callee,
        entry_point: EntryPoint,
        generation: u32,
        frame: Option<FrameAccess<'a>>,
        under_way: UnderWay,
    ) -> Self {
        Self {
            callee,
            entry_point,
            generation,
            frame,
            panic: None,
            fault: None,
            report: None,
            failure: None,
            _under_way: under_way,
        }
    }

    /// The plugin's access to the host; valid while `self` is borrowed.
    pub(crate) fn life(&mut self) -> LifeCall {
        LifeCall { host: &raw const TABLE, context: std::ptr::from_mut(self).cast() }
    }

    /// Takes the plugin's report on its state.
    pub(crate) fn take_report(&mut self) -> Option<StateReport> {
        self.report.take()
    }

    /// Takes back the unused rest of the call's arena piece.
    pub(crate) fn close_piece(&mut self, left: Bump) {
        if let Some(frame) = &mut self.frame {
            frame.piece.left = left;
        }
    }

    /// Records why the call will fail.
    fn note(&mut self, fault: Fault) {
        match &mut self.fault {
            None => self.fault = Some(fault),
            // The first fault is the cause: later ones come from dropping its payload.
            Some(first) if first.message.len() < MESSAGE_BYTES_MAX => {
                first.message.push_str("; then: ");
                first.message.push_str(&fault.message);
            }
            Some(_) => {}
        }
    }

    /// Takes the error that the export returned.
    pub(crate) fn take_failure(&mut self) -> Option<Failure> {
        self.failure.take()
    }

    /// The call's result by its status, with the reason that the plugin gave.
    pub(crate) fn finish(self, status: Status) -> Result<(), Fault> {
        if status == Status::OK {
            return Ok(());
        }
        Err(self.fault.unwrap_or_else(|| Fault {
            message: format!("it returned status {} without a reason", status.0),
            location: String::new(),
        }))
    }
}

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
    trace: Some(&crate::trace::TABLE),
    metrics: Some(&crate::metering::TABLE),
};

/// # Safety
/// `context` came from [`Context::life`] in the current call on this thread.
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
    let Context { callee, entry_point, generation, panic, .. } = unsafe { context(at) };
    // SAFETY: the plugin keeps both texts alive for this call.
    let fault = unsafe { told(message, location) };
    let plugin = &callee.plugin;
    tracing::error!(plugin, generation, "{plugin} panicked {}: {fault}", callee.display_entry_point(*entry_point));
    *panic = Some(fault);
}

unsafe extern "C" fn unwound(at: *mut c_void, is_told: u32, message: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let message = unsafe { message.to_owned_text() };
    let last = context.panic.take().filter(|_| is_told != 0);
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

/// A sink that appends to `bytes`, for as long as they are borrowed.
pub(crate) fn sink(bytes: &mut Vec<u8>) -> Sink {
    Sink { context: std::ptr::from_mut(bytes).cast(), write }
}

unsafe extern "C" fn write(context: *mut c_void, bytes: *const u8, length: usize) -> Status {
    // SAFETY: `sink` passes its vector as the context, and the plugin passes that back unchanged.
    let vector = unsafe { &mut *context.cast::<Vec<u8>>() };
    // SAFETY: the plugin passes as many bytes as it says, from a slice, hence not null.
    vector.extend_from_slice(unsafe { std::slice::from_raw_parts(bytes, length) });
    Status::OK
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
    context.failure = Some(Failure { code, message });
}

unsafe extern "C" fn state_report(at: *mut c_void, level: Level, report: Text) {
    // SAFETY: the plugin passes its call's context.
    let context = unsafe { context(at) };
    // SAFETY: the plugin keeps the text alive for this call.
    let text = unsafe { report.to_owned_text() };
    context.report = Some(StateReport { level, text });
}

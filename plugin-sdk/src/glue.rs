//! Support code for the expansion of `#[plugin]`. Not for plugin authors.

#![expect(unsafe_code, reason = "the plugin's side of the C ABI")]

mod arguments;
mod export;
mod failure;
pub mod implements;
mod reply;
pub mod returned;
mod sink;
#[cfg(test)]
mod tests;

use core::ffi::c_void;
use core::ptr::NonNull;

pub use self::arguments::{Arguments, Reader};
pub use self::export::{Incoming, call_exclusive, call_shared};
pub use self::failure::Failure;
pub use self::reply::Reply;
use self::sink::SinkWriter;
use crate::abi::{
    ABI_VERSION, Call, ComponentDescriptor, ExportDescriptor, HostTable, InterfaceDescriptor, Level, LifeCall, List,
    ParamDescriptor, ParamKind, PluginDescriptor, Sink, Status, SubscriptionDescriptor, SystemDescriptor, Text,
};
pub use crate::call::CallError;
use crate::frame::Frame;
use crate::param::SystemParam;
use crate::state::{self, PluginState};
use crate::unwind;
use shm_bus_wire::{Topic, messages_in, schema_hash};

/// The descriptor of a plugin whose state is `S`.
#[must_use]
pub const fn descriptor<S: PluginState>(
    name: &'static str,
    version: &'static str,
    components: &'static [ComponentDescriptor],
    systems: &'static [SystemDescriptor],
    subscriptions: &'static [SubscriptionDescriptor],
    exports: &'static [ExportDescriptor],
    interfaces: &'static [InterfaceDescriptor],
) -> PluginDescriptor {
    PluginDescriptor {
        size: size_of::<PluginDescriptor>() as u32,
        abi: ABI_VERSION,
        name: Text::new(name),
        version: Text::new(version),
        state_schema: Text::new(S::SCHEMA),
        state_hash: schema_hash(S::SCHEMA),
        components: List::new(components),
        systems: List::new(systems),
        subscriptions: List::new(subscriptions),
        create: create::<S>,
        save: save::<S>,
        destroy: destroy::<S>,
        exports: List::new(exports),
        interfaces: List::new(interfaces),
        #[cfg(feature = "tracing")]
        trace_changed: Some(crate::trace::changed),
        #[cfg(not(feature = "tracing"))]
        trace_changed: None,
    }
}

/// Called by the exported function, before the host uses the descriptor.
pub fn prepare<S: PluginState>() {
    unwind::put_hook();
    // A panic must not leave the exported function. It would recur, and be reported, when the state is saved.
    let _ = std::panic::catch_unwind(|| unwind::quietly(S::prepare));
}

/// `param` of a subscription, which can't query because it runs between systems.
///
/// # Panics
/// At compile time, if `param` is a query.
#[must_use]
pub const fn publisher_only(param: ParamDescriptor) -> ParamDescriptor {
    assert!(
        param.kind == ParamKind::Publisher as u32,
        "a subscription takes the frame, its message and publishers, no query"
    );
    param
}

/// The parameter `index` of the current call.
///
/// # Safety
/// As for [`SystemParam::fetch`].
#[inline]
pub unsafe fn parameter<'call, P: SystemParam>(frame: &'call Frame<'call>, index: usize) -> P::Item<'call> {
    // SAFETY: the same contract.
    unsafe { P::fetch(frame, index) }
}

/// Runs `body` on the instance. Its commands reach the host only if it returns.
///
/// # Safety
/// `instance` is of type `S` and not in use elsewhere; `call` is valid and this call's own.
#[inline]
pub unsafe fn call<S: PluginState>(
    instance: *mut c_void,
    call: *mut Call,
    body: impl for<'call> FnOnce(&'call mut S, &'call Frame<'call>),
) -> Status {
    let Some(call) = NonNull::new(call) else { return Status::INVALID };
    // SAFETY: the call is valid, and its size comes first in every version.
    if unsafe { (*call.as_ptr()).size } < size_of::<Call>() as u32 {
        return Status::INVALID;
    }
    // SAFETY: whole, checked above; this copies two plain pointers of it.
    let life = unsafe { (*call.as_ptr()).life };
    unwind::guard(life, || {
        // SAFETY: of type `S` and exclusive, by contract.
        let state = unsafe { &mut *instance.cast::<S>() };
        // SAFETY: valid and this call's own, by contract.
        let frame = unsafe { Frame::new(call) };
        run(state, &frame, body);
        frame.finish();
        Ok(())
    })
}

/// Unifies the lifetimes of state and frame to one, the call's, for `body`.
fn run<'call, S>(
    state: &'call mut S,
    frame: &'call Frame<'call>,
    body: impl FnOnce(&'call mut S, &'call Frame<'call>),
) {
    body(state, frame);
}

/// Like [`call`], with the record's messages.
///
/// # Safety
/// As [`call`]; `payload` is valid for `length` bytes.
#[inline]
pub unsafe fn deliver<S: PluginState, T: Topic>(
    instance: *mut c_void,
    frame: *mut Call,
    payload: *const u8,
    length: usize,
    body: impl for<'call> FnOnce(&'call mut S, &'call Frame<'call>, &'call [T::Message]),
) -> Status {
    // SAFETY: valid for `length` bytes, by contract.
    let bytes = unsafe { List { pointer: payload, length }.as_slice() };
    let Some(messages) = messages_in::<T::Message>(bytes) else { return Status::MALFORMED };
    // SAFETY: the same contract.
    unsafe { call::<S>(instance, frame, |state, frame| body(state, frame, messages)) }
}

unsafe extern "C" fn create<S: PluginState>(
    call: *const LifeCall,
    saved: List<u8>,
    instance: *mut *mut c_void,
) -> Status {
    // SAFETY: the host passes a valid call.
    let life = unsafe { *call };
    // SAFETY: the host's table is valid, and its size comes first in every version.
    if unsafe { (*life.host).size } < size_of::<HostTable>() as u32 {
        return Status::INVALID;
    }
    unwind::install(life);
    #[cfg(feature = "tracing")]
    crate::trace::install(life);
    #[cfg(feature = "metrics")]
    crate::metering::install(life);
    let status = unwind::guard(life, || {
        // SAFETY: the host passes a valid list.
        let saved = unsafe { saved.as_slice() };
        let state = if saved.is_empty() { S::default() } else { take_over::<S>(life, saved)? };
        let made = Box::into_raw(Box::new(state)).cast();
        // SAFETY: the host passes a place for the pointer.
        unsafe { *instance = made };
        Ok(())
    });
    // The plugin may have installed a hook of its own meanwhile.
    unwind::reinstall();
    status
}

unsafe extern "C" fn save<S: PluginState>(call: *const LifeCall, instance: *const c_void, sink: Sink) -> Status {
    // SAFETY: the host passes a valid call.
    let life = unsafe { *call };
    unwind::guard(life, || {
        // SAFETY: the host passes an instance of `S` that nobody writes meanwhile.
        let state = unsafe { &*instance.cast::<S>() };
        state::save(state, SinkWriter { sink, written: "state" })
    })
}

/// Restores the saved state, and reports to the host how it was restored.
fn take_over<S: PluginState>(life: LifeCall, saved: &[u8]) -> Result<S, String> {
    let (state, report) = state::restore_with_report(saved)?;
    if let Some(report) = report {
        let level = match (report.has_changes(), report.is_plain()) {
            (true, _) => Level::WARN,
            (false, false) => Level::INFO,
            (false, true) => Level::DEBUG,
        };
        let text = report.to_string();
        // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
        let host = unsafe { life.host() };
        // SAFETY: the host's own function and context; the text lives until it returns.
        unsafe { (host.state_report)(life.context, level, Text::new(&text)) };
    }
    Ok(state)
}

unsafe extern "C" fn destroy<S: PluginState>(call: *const LifeCall, instance: *mut c_void) -> Status {
    // SAFETY: the host passes a valid call.
    let life = unsafe { *call };
    unwind::guard(life, || {
        // SAFETY: made by `create`, given back once.
        let state = unsafe { Box::from_raw(instance.cast::<S>()) };
        drop(state);
        Ok(())
    })
}

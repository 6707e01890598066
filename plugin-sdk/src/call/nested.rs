//! Calls of other plugins' exports, from within a call.
//!
//! The host makes the call on this thread and returns when the export has. An export is found by its names once; its number serves in all
//! later calls, whichever generations run.

#![expect(unsafe_code, reason = "calls the host through its function table")]

use core::ffi::c_void;
use core::time::Duration;
use std::sync::Arc;

use serde::Serialize;
use serde::de::DeserializeOwned;

use super::failure::{CallFailure, FailureKind};
use crate::abi::{CallInfo, LifeCall, List, NestedFailure, Sink, Status, Text};
use crate::client::{Caller, InterfaceSpec, Misfit};

/// MessagePack's nil: no arguments, and no reply.
const NIL: &[u8] = &[0xc0];

/// A call in which other plugins can be called: the [`Frame`](crate::Frame) of a system or subscription, the
/// [`CallContext`](crate::CallContext) of an export.
pub trait Calling: sealed::Life {}

pub(crate) mod sealed {
    use crate::abi::LifeCall;

    pub trait Life {
        fn life(&self) -> LifeCall;
    }
}

/// Another plugin, by its name. It need not run; a call finds out.
#[derive(Clone, Copy, Debug)]
pub struct OtherPlugin<'call> {
    life: LifeCall,
    name: &'call str,
    limit: Option<Duration>,
}

impl<'call> OtherPlugin<'call> {
    pub(crate) fn new(life: LifeCall, name: &'call str) -> Self {
        Self { life, name, limit: None }
    }

    /// Limits the time of each call. The deadline of the current call holds, too; if there is neither, a call waits at most one second until the
    /// other plugin is free.
    #[must_use]
    pub fn within(self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self }
    }

    /// Calls its export `method` with a tuple of arguments (`()`, `(7,)`, `(7, "x")`) and returns the reply. Find it by [`Self::export`] to
    /// call it often.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, method: &str, arguments: A) -> Result<R, CallFailure> {
        self.export(method)?.call_in(self.life, arguments)
    }

    /// Finds its export `method`.
    ///
    /// # Errors
    /// [`CallFailure`]: there is no such plugin or export.
    pub fn export(&self, method: &str) -> Result<OtherExport, CallFailure> {
        self.export_with(method, "")
    }

    /// Finds its export `method`, which must have this canonical signature, unless it is empty.
    fn export_with(&self, method: &str, signature: &str) -> Result<OtherExport, CallFailure> {
        let mut number = 0;
        ask(|failure| {
            let (host, context) = host(&self.life);
            let [plugin, method, signature] = [self.name, method, signature].map(Text::new);
            // SAFETY: the host's own function and context; the texts and both places live until it returns.
            unsafe { (host.find_export)(context, plugin, method, signature, &raw mut number, failure) }
        })?;
        Ok(OtherExport { number, limit: self.limit })
    }
}

/// An export of another plugin, found by its names. It may be kept for as long as the library is loaded, and serves whichever generation of
/// the other plugin runs; don't put it into the state.
#[derive(Clone, Copy, Debug)]
pub struct OtherExport {
    number: u64,
    limit: Option<Duration>,
}

impl OtherExport {
    /// Calls it from within the call `from`, with a tuple of arguments, and returns the reply.
    ///
    /// # Errors
    /// [`CallFailure`].
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, from: &impl Calling, arguments: A) -> Result<R, CallFailure> {
        self.call_in(from.life(), arguments)
    }

    /// Calls it from within the call `from` with a MessagePack array of arguments, or none, and appends the reply, a MessagePack value or
    /// nothing, to `reply`. After an error `reply` is as it was.
    ///
    /// # Errors
    /// [`CallFailure`], but for [`FailureKind::Reply`].
    pub fn call_bytes(&self, from: &impl Calling, arguments: &[u8], reply: &mut Vec<u8>) -> Result<(), CallFailure> {
        self.call_bytes_in(from.life(), arguments, reply)
    }

    fn call_in<A: Serialize, R: DeserializeOwned>(&self, life: LifeCall, arguments: A) -> Result<R, CallFailure> {
        let mut bytes = Vec::new();
        let mut serializer = rmp_serde::Serializer::new(&mut bytes).with_struct_map().with_human_readable();
        arguments.serialize(&mut serializer).map_err(|error| unfit(FailureKind::Arguments, "argument", &error))?;
        let arguments = if bytes == NIL { &[] } else { &*bytes };
        let mut reply = Vec::new();
        self.call_bytes_in(life, arguments, &mut reply)?;
        let reply = if reply.is_empty() { NIL } else { &*reply };
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(reply).with_human_readable();
        R::deserialize(&mut deserializer).map_err(|error| unfit(FailureKind::Reply, "reply", &error))
    }

    fn call_bytes_in(&self, life: LifeCall, arguments: &[u8], reply: &mut Vec<u8>) -> Result<(), CallFailure> {
        let limit_ns = self.limit.map_or(u64::MAX, |limit| u64::try_from(limit.as_nanos()).unwrap_or(u64::MAX));
        let arguments = List { pointer: arguments.as_ptr(), length: arguments.len() };
        let before = reply.len();
        let sink = Sink::into_vec(reply);
        let outcome = ask(|failure| {
            let (host, context) = host(&life);
            // SAFETY: the host's own function and context; arguments, sink and failure live until it returns.
            unsafe { (host.call_export)(context, self.number, limit_ns, arguments, sink, failure) }
        });
        if outcome.is_err() {
            reply.truncate(before);
        }
        outcome
    }
}

/// A call as the transport of typed clients: `DirectorClient::connect(Within(frame), "director")`.
///
/// A client is made within a call and ends with it. Connecting costs a lookup for each method of the interface.
#[derive(Debug)]
pub struct Within<'a, C>(pub &'a C);

impl<C: Calling> Caller for Within<'_, C> {
    /// The methods of the interface, in its order.
    type Plugin = Arc<[OtherExport]>;
    type Error = CallFailure;

    fn connect(&self, plugin: &str, interface: &'static InterfaceSpec) -> Result<Self::Plugin, CallFailure> {
        let plugin = OtherPlugin::new(self.0.life(), plugin);
        interface.methods.iter().map(|method| plugin.export_with(method.name, method.signature)).collect()
    }

    fn call(
        &self,
        plugin: &Self::Plugin,
        number: usize,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), CallFailure> {
        plugin[number].call_bytes(self.0, arguments, reply)
    }

    fn misfit(&self, _: &Self::Plugin, _: usize, misfit: Misfit) -> CallFailure {
        match misfit {
            Misfit::Argument(why) => unfit(FailureKind::Arguments, "argument", &why),
            Misfit::Reply(why) => unfit(FailureKind::Reply, "reply", &why),
        }
    }
}

/// What the host knows of the current call.
pub(crate) fn info(life: &LifeCall) -> CallInfo {
    let mut info = CallInfo {
        size: size_of::<CallInfo>() as u32,
        depth: 0,
        remaining_ns: u64::MAX,
        trace: 0,
        span: 0,
        caller: Text::new(""),
    };
    let (host, context) = host(life);
    // SAFETY: the host's own function and context; the place lives until it returns. It fails for a shorter struct only.
    let _ = unsafe { (host.call_info)(context, &raw mut info) };
    info
}

/// The time that is left in the current call; `None` without a deadline.
pub(crate) fn remaining(life: &LifeCall) -> Option<Duration> {
    Some(info(life).remaining_ns).filter(|left| *left != u64::MAX).map(Duration::from_nanos)
}

#[cold]
fn unfit(kind: FailureKind, what: &str, error: &dyn core::fmt::Display) -> CallFailure {
    let message = match kind {
        FailureKind::Reply => format!("the {what} is something else than the caller expects: {error}"),
        _ => format!("an {what} cannot be written as MessagePack: {error}"),
    };
    CallFailure { kind, code: 0, message }
}

/// Calls the host, which says why it failed.
fn ask(call: impl FnOnce(*mut NestedFailure) -> Status) -> Result<(), CallFailure> {
    let mut text = Vec::new();
    let mut failure = NestedFailure {
        size: size_of::<NestedFailure>() as u32,
        kind: FailureKind::Other as u32,
        code: 0,
        reserved: 0,
        text: Sink::into_vec(&mut text),
    };
    if call(&raw mut failure) == Status::OK {
        return Ok(());
    }
    let message = String::from_utf8_lossy(&text).into_owned();
    Err(CallFailure { kind: FailureKind::from_wire(failure.kind), code: failure.code, message })
}

fn host(life: &LifeCall) -> (&crate::abi::HostTable, *mut c_void) {
    // SAFETY: the host keeps its table alive for as long as any plugin is loaded.
    (unsafe { life.host() }, life.context)
}

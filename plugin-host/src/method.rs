//! A resolved export: calls it, whichever generation runs.
//!
//! A call takes no lock that others wait for, hashes nothing and compares no text: the slot's gate counts it in a line of this thread, and
//! the instance knows where the export stands.

#![expect(unsafe_code, reason = "calls the export shims of an image")]

use std::ffi::c_void;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use metrics::Histogram;
use plugin_gate::{Patience, Refusal};
use plugin_sdk::abi::{ExportAccess, ExportCall, ExportFn, List, Sink, Status};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::bindings::Found;
use crate::buffers::Buffers;
use crate::call::life;
use crate::call_error::CallError;
use crate::calls::callee::EntryPoint;
use crate::context::{Context, Failure};
use crate::image::ExportInfo;
use crate::instance::Instance;
use crate::lineage::Lineage;
use crate::metering;
use crate::slot::{Slot, Target, Unavailable};

/// An export of a plugin, to be called any number of times while the plugin is replaced.
///
/// # Threads
/// It may be cloned, sent and called on any thread. `&self` exports run at the same time, `&mut self` exports one at a time, and neither
/// while a system of the plugin runs. A call that arrives during a swap waits and goes to the new generation.
#[derive(Clone)]
pub struct Method {
    slot: Arc<Slot>,
    name: Arc<str>,
    /// The signature that its caller was built for; `None` if it takes any.
    signature: Option<Arc<str>>,
    /// Number in the slot's bindings.
    number: usize,
    /// What the export needed at its last call. The next generation may differ, which the call finds out.
    is_exclusive: Arc<AtomicBool>,
    /// Time for each call.
    limit: Option<Duration>,
    /// Takes the duration of each call; `None` if nobody wants it, and then no clock is read.
    latency: Option<Histogram>,
}

impl fmt::Debug for Method {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "Method({}/{})", self.slot.name(), self.name)
    }
}

/// MessagePack's nil.
const NIL: &[u8] = &[0xc0];

/// The outcome of an attempt.
enum Attempt {
    Done(Result<(), CallError>),
    /// The present generation's export needs this access.
    Needs(ExportAccess),
}

impl Method {
    /// Resolves export `name` of the instance in `slot`, and refuses one with another `signature` if that is given. Gives up after `patience`.
    pub(crate) fn resolve(
        slot: &Arc<Slot>,
        name: &str,
        signature: Option<&str>,
        patience: Patience,
    ) -> Result<Self, CallError> {
        let target = slot.share(patience).map_err(|why| unavailable(slot.name(), name, why))?;
        let Target { instance: Some(instance), bindings } = &*target else {
            return Err(CallError::Removed { plugin: slot.name().to_owned() });
        };
        let number = bindings.number(name, signature);
        let Some((number, found)) = number.and_then(|number| Some((number, bindings.get(number)?))) else {
            let (plugin, exports) = (slot.name().to_owned(), &instance.image().manifest().exports);
            if let (Some(wanted), Some(found)) = (signature, exports.iter().find(|export| export.name == name)) {
                return Err(other_signature(plugin, wanted, found));
            }
            let exports = in_words("its exports are", "it has none", exports.iter().map(|export| &*export.name));
            return Err(CallError::UnknownMethod { plugin, method: name.to_owned(), exports });
        };
        let is_exclusive = Arc::new(AtomicBool::new(found.access == ExportAccess::Exclusive));
        Ok(Self {
            slot: slot.clone(),
            name: name.into(),
            signature: signature.map(Arc::from),
            number,
            is_exclusive,
            limit: None,
            latency: metering::latency(slot.name(), name),
        })
    }

    /// The same export, with a limit on the time of each call. A call that has not begun by then fails with [`CallError::TimedOut`]. The
    /// method, and the calls that it makes, see the deadline.
    #[must_use]
    pub fn within(&self, limit: Duration) -> Self {
        Self { limit: Some(limit), ..self.clone() }
    }

    /// Calls it with a tuple of arguments (`()`, `(7,)`, `(7, "x")`) and returns its reply.
    ///
    /// # Errors
    /// [`CallError`].
    pub fn call<A: Serialize, R: DeserializeOwned>(&self, arguments: A) -> Result<R, CallError> {
        let mut lent = Buffers::lend();
        let Buffers { arguments: bytes, reply } = &mut *lent;
        // As the plugin's side does: with field names, and as a human-readable format.
        let mut serializer = rmp_serde::Serializer::new(&mut *bytes).with_struct_map().with_human_readable();
        arguments.serialize(&mut serializer).map_err(|error| self.arguments(error.to_string()))?;
        // `()` is MessagePack's nil, and stands for no arguments and for no reply.
        let arguments = if bytes == NIL { &[] } else { &**bytes };
        self.call_bytes(arguments, reply)?;
        let reply = if reply.is_empty() { NIL } else { &**reply };
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(reply).with_human_readable();
        R::deserialize(&mut deserializer).map_err(|error| self.reply(error.to_string()))
    }

    /// Calls it with a MessagePack array of arguments, or none, and appends its reply, a MessagePack value or nothing, to `reply`. After an
    /// error `reply` is as it was.
    ///
    /// # Errors
    /// [`CallError`], but for [`CallError::Reply`].
    #[inline]
    pub fn call_bytes(&self, arguments: &[u8], reply: &mut Vec<u8>) -> Result<(), CallError> {
        let before = reply.len();
        let lineage = Lineage::from_host(self.limit.and_then(|limit| Instant::now().checked_add(limit)));
        let outcome = self.call_into(&lineage, arguments, Sink::into_vec(reply));
        if outcome.is_err() {
            reply.truncate(before);
        }
        outcome
    }

    /// Like [`Self::call_bytes`], within the chain of calls `lineage`, whatever the limit. After an error `reply` may hold a part of a reply.
    #[inline]
    pub(crate) fn call_into(&self, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Result<(), CallError> {
        match &self.latency {
            None => self.call_now(lineage, arguments, reply),
            Some(latency) => self.call_timed(lineage, arguments, reply, latency),
        }
    }

    #[cold]
    fn call_timed(
        &self,
        lineage: &Lineage,
        arguments: &[u8],
        reply: Sink,
        latency: &Histogram,
    ) -> Result<(), CallError> {
        let begun = Instant::now();
        let result = self.call_now(lineage, arguments, reply);
        latency.record(begun.elapsed());
        result
    }

    #[inline]
    fn call_now(&self, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Result<(), CallError> {
        if lineage.is_over() {
            return Err(self.unavailable(Unavailable::InUse));
        }
        loop {
            let attempt = if self.is_exclusive.load(Ordering::Relaxed) {
                self.call_alone(lineage, arguments, reply)
            } else {
                self.call_beside_others(lineage, arguments, reply)
            };
            match attempt {
                Attempt::Done(result) => return result,
                Attempt::Needs(access) => self.is_exclusive.store(access == ExportAccess::Exclusive, Ordering::Relaxed),
            }
        }
    }

    fn call_beside_others(&self, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Attempt {
        let target = match self.slot.share(lineage.patience()) {
            Ok(target) => target,
            Err(why) => return Attempt::Done(Err(self.unavailable(why))),
        };
        let (instance, found) = match self.find(&target) {
            Ok(found) => found,
            Err(error) => return Attempt::Done(Err(error)),
        };
        if found.access == ExportAccess::Exclusive {
            return Attempt::Needs(found.access);
        }
        let context = Context::beside_others(
            instance.image().callee(),
            EntryPoint::Export(found.index),
            instance.generation(),
            lineage,
        );
        Attempt::Done(self.invoke(instance, found, context, arguments, reply))
    }

    fn call_alone(&self, lineage: &Lineage, arguments: &[u8], reply: Sink) -> Attempt {
        let mut held = match self.slot.queue(lineage.patience()) {
            Ok(held) => held,
            Err(why) => return Attempt::Done(Err(self.unavailable(why))),
        };
        held.note_use();
        let (target, _) = held.parts();
        let (instance, found) = match self.find(target) {
            Ok(found) => found,
            Err(error) => return Attempt::Done(Err(error)),
        };
        if found.access == ExportAccess::Shared {
            return Attempt::Needs(found.access);
        }
        let callee = instance.image().callee();
        let context = Context::new(callee, EntryPoint::Export(found.index), instance.generation(), None, lineage);
        Attempt::Done(self.invoke(instance, found, context, arguments, reply))
    }

    #[inline]
    fn find<'a>(&self, target: &'a Target) -> Result<(&'a Instance, Found), CallError> {
        let instance = target.instance.as_ref();
        match (instance, target.bindings.get(self.number)) {
            (Some(instance), Some(found)) if !self.slot.is_suspended() => Ok((instance, found)),
            (instance, _) => Err(self.missing(instance)),
        }
    }

    fn invoke(
        &self,
        instance: &Instance,
        found: Found,
        mut context: Context<'_>,
        arguments: &[u8],
        reply: Sink,
    ) -> Result<(), CallError> {
        let export = instance.image().functions().exports[found.index];
        let mut call = ExportCall { size: size_of::<ExportCall>() as u32, reserved: 0, life: life(&mut context) };
        let status = shim(export, instance.state(), &mut call, arguments, reply);
        if status == Status::OK {
            return Ok(());
        }
        Err(self.failed(context, status))
    }

    #[cold]
    fn failed(&self, mut context: Context<'_>, status: Status) -> CallError {
        let (plugin, method) = self.names();
        let failure = context.take_failure();
        let during = context.display_entry_point();
        let Err(fault) = context.finish(status) else {
            return CallError::Arguments { plugin, method, why: "it ended with an unknown status".to_owned() };
        };
        match status {
            Status::FAILED => {
                let Failure { code, message } = failure.unwrap_or_default();
                CallError::Failed { plugin, method, code, message }
            }
            Status::REFUSED => CallError::Arguments { plugin, method, why: fault.message },
            _ => {
                self.slot.faults().note(during.to_string(), &fault);
                CallError::Panicked { plugin, method, fault }
            }
        }
    }

    /// Why the present instance can't be called.
    #[cold]
    fn missing(&self, instance: Option<&Instance>) -> CallError {
        let (plugin, method) = self.names();
        let Some(instance) = instance else { return CallError::Removed { plugin } };
        if self.slot.is_suspended() {
            return CallError::Suspended { plugin };
        }
        let exports = &instance.image().manifest().exports;
        let other = exports.iter().find(|export| *export.name == *self.name);
        if let (Some(wanted), Some(export)) = (&self.signature, other) {
            return other_signature(plugin, wanted, export);
        }
        let exports = in_words("its exports are", "it has none", exports.iter().map(|export| &*export.signature));
        CallError::UnknownMethod { plugin, method, exports }
    }

    #[cold]
    fn unavailable(&self, why: Unavailable) -> CallError {
        unavailable(self.slot.name(), &self.name, why)
    }

    pub(crate) fn arguments(&self, why: String) -> CallError {
        let (plugin, method) = self.names();
        CallError::Arguments { plugin, method, why }
    }

    pub(crate) fn reply(&self, why: String) -> CallError {
        let (plugin, method) = self.names();
        CallError::Reply { plugin, method, why }
    }

    fn names(&self) -> (String, String) {
        (self.slot.name().to_owned(), (*self.name).to_owned())
    }
}

#[cold]
fn other_signature(plugin: String, wanted: &str, found: &ExportInfo) -> CallError {
    let (wanted, found, method) = (wanted.to_owned(), found.signature.clone(), found.name.clone());
    CallError::Signature { plugin, method, wanted, found }
}

/// Why `method` of `plugin` could not be called.
pub(crate) fn unavailable(plugin: &str, method: &str, why: Unavailable) -> CallError {
    let (plugin, method) = (plugin.to_owned(), method.to_owned());
    match why {
        Unavailable::Refused(Refusal::Reentrant) => CallError::Reentrant { plugin, method },
        Unavailable::Refused(Refusal::TooDeep) => CallError::TooDeep { plugin, method },
        Unavailable::InUse => CallError::TimedOut { plugin, method },
    }
}

/// Calls the shim.
#[inline]
fn shim(export: ExportFn, state: *mut c_void, call: &mut ExportCall, arguments: &[u8], reply: Sink) -> Status {
    let arguments = List { pointer: arguments.as_ptr(), length: arguments.len() };
    // SAFETY: this image's export and instance, which the slot's gate lends with the access that the export declares; the call, the
    // arguments and the sink live until it returns.
    unsafe { export(state, call, arguments, reply) }
}

/// `names` in a sentence.
pub(crate) fn in_words<'a>(some: &str, none: &str, names: impl Iterator<Item = &'a str>) -> String {
    let names: Vec<_> = names.collect();
    if names.is_empty() { none.to_owned() } else { format!("{some} {}", names.join(", ")) }
}

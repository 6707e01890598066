//! A plugin's place in the host, through which systems call it while generations come and go.
//!
//! # Invariants
//! 1. The slot's gate belongs to its own instance: it is held while the instance runs and its commands are taken. Exports of
//!    `&self` share it; everything else holds it alone.
//! 2. No system, subscription or export of a suspended plugin is called; only its state is saved and dropped.

#![expect(unsafe_code, reason = "calls the system shims of an image")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use plugin_gate::{Exclusive, Gate, Patience, Refusal, Shared};
use plugin_sdk::abi::{Call, List, ParamValue, Status};
use plugin_sdk::wire::schema_hash;

use crate::arena::{FrameArena, Piece, Share};
use crate::bindings::Bindings;
use crate::call::life;
use crate::calls::callee::EntryPoint;
use crate::context::{Context, FrameAccess};
use crate::fault::Fault;
use crate::faults::Faults;
use crate::image::{ExportInfo, Manifest, ParamInfo};
use crate::instance::Instance;
use crate::lineage::Lineage;
use crate::ports::Ports;

/// The frame in which plugins run.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FrameInfo {
    /// Frames since the world was created.
    pub tick: u64,
    /// The run's seed.
    pub seed: u64,
    /// Length of the fixed timestep, in seconds.
    pub delta_seconds: f32,
}

/// See the module.
#[derive(Debug)]
pub struct Slot {
    name: String,
    /// Set by the first fault, cleared by the next generation.
    suspended: AtomicBool,
    /// Whether there is an instance.
    running: AtomicBool,
    faults: Faults,
    gate: Gate<Target, Occupant>,
}

/// The use of a slot that nobody else uses.
pub(crate) type Held<'a> = Exclusive<'a, Target, Occupant>;

/// Why a caller gets no access to an instance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Unavailable {
    /// This thread's own calls are in the way.
    Refused(Refusal),
    /// Others used it for longer than the caller waits.
    InUse,
}

impl From<Refusal> for Unavailable {
    fn from(refusal: Refusal) -> Self {
        Self::Refused(refusal)
    }
}

/// What exports need; the part of the slot that several threads may use at a time.
#[derive(Debug, Default)]
pub(crate) struct Target {
    /// `None` while the plugin is not there.
    pub(crate) instance: Option<Instance>,
    pub(crate) bindings: Bindings,
}

/// The part that one thread at a time uses.
#[derive(Debug)]
pub(crate) struct Occupant {
    pub(crate) ports: Ports,
    /// Number of exclusive calls and swaps so far.
    uses: u64,
    /// Each system's number for random numbers, in the order of the manifest's systems.
    numbers: Vec<u32>,
    /// Number and publisher values of each subscription, in the order of the manifest's subscriptions.
    delivery: Vec<(u32, PublisherValues)>,
    /// Records that were read but not delivered, so that they block no publisher: they arrived while the plugin was suspended, or
    /// contained no whole messages, or a number that is no value of their type.
    pub(crate) undelivered: u64,
    /// Those of them that arrived since the present instance was suspended.
    pub(crate) missed: u64,
    /// Its account of the frame arena.
    pub(crate) share: Share,
}

impl Occupant {
    /// Counts a call that may change the instance's state.
    pub(crate) const fn note_use(&mut self) {
        self.uses += 1;
    }
}

/// Parameter values of a subscription: publishers only.
#[derive(Debug)]
struct PublisherValues(Vec<ParamValue>);

// SAFETY: a publisher's value contains no pointer except an empty list's.
unsafe impl Send for PublisherValues {}

impl Slot {
    pub(crate) fn new(name: &str) -> Self {
        let occupant = Occupant {
            ports: Ports::default(),
            uses: 0,
            numbers: Vec::new(),
            delivery: Vec::new(),
            undelivered: 0,
            missed: 0,
            share: Share::default(),
        };
        Self {
            name: name.to_owned(),
            suspended: AtomicBool::new(false),
            running: AtomicBool::new(false),
            faults: Faults::default(),
            gate: Gate::new(Target::default(), occupant),
        }
    }

    /// The plugin's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether a fault prevents calls of it until its file changes, is copied again or touched.
    #[must_use]
    pub fn is_suspended(&self) -> bool {
        self.suspended.load(Ordering::Relaxed)
    }

    /// Uses the slot alone, when the calls in flight have returned; comes before calls that wait.
    ///
    /// # Panics
    /// If this thread uses the slot already: a plugin never gets at the host's functions that call this.
    pub(crate) fn lock(&self) -> Held<'_> {
        match self.gate.urgent(Patience::Forever) {
            Ok(Some(held)) => held,
            Ok(None) => unreachable!("a wait without end ends when the slot is free"),
            Err(refusal) => self.is_used_here(refusal),
        }
    }

    /// Like [`Self::lock`], but `None` if the calls in flight have not returned after `wait`.
    pub(crate) fn lock_within(&self, wait: Duration) -> Option<Held<'_>> {
        self.gate.urgent(Patience::For(wait)).unwrap_or_else(|refusal| self.is_used_here(refusal))
    }

    fn is_used_here(&self, refusal: Refusal) -> ! {
        panic!("{} is changed or run by a thread that is calling it: {refusal:?}", self.name)
    }

    /// Uses the instance together with other calls of `&self`; gives up after `patience`.
    #[inline]
    pub(crate) fn share(&self, patience: Patience) -> Result<Shared<'_, Target, Occupant>, Unavailable> {
        self.gate.shared(patience)?.ok_or(Unavailable::InUse)
    }

    /// Uses the instance alone, after those that wait already; gives up after `patience`.
    pub(crate) fn queue(&self, patience: Patience) -> Result<Held<'_>, Unavailable> {
        self.gate.exclusive(patience)?.ok_or(Unavailable::InUse)
    }

    /// Number of calls and swaps so far: while it is unchanged, so is the instance's state.
    pub(crate) fn uses(held: &Held<'_>) -> u64 {
        held.uses.wrapping_add(held.entries())
    }

    /// Whether there is an instance.
    pub(crate) fn is_running(&self) -> bool {
        self.running.load(Ordering::Relaxed)
    }

    /// The instance's exports; `None` without an instance.
    pub(crate) fn exports(&self) -> Result<Option<Vec<ExportInfo>>, Unavailable> {
        let target = self.share(Patience::Forever)?;
        Ok(target.instance.as_ref().map(|instance| instance.image().manifest().exports.clone()))
    }

    /// Its failed calls.
    pub(crate) const fn faults(&self) -> &Faults {
        &self.faults
    }

    /// Prepares calls of what `manifest` declares, before the first instance that declares it is installed.
    pub(crate) fn declare(&self, occupant: &mut Occupant, manifest: &Manifest) {
        occupant.numbers = manifest.systems.iter().map(|system| number(&self.name, &system.name)).collect();
        occupant.delivery = manifest
            .subscriptions
            .iter()
            .map(|subscription| (number(&self.name, &subscription.name), publishers(&subscription.params)))
            .collect();
    }

    /// Installs `instance`; returns its predecessor.
    pub(crate) fn put(&self, held: &mut Held<'_>, instance: Option<Instance>) -> Option<Instance> {
        self.suspended.store(false, Ordering::Relaxed);
        self.running.store(instance.is_some(), Ordering::Relaxed);
        let (target, occupant) = held.parts();
        occupant.uses += 1;
        occupant.missed = 0;
        target.bindings.bind(instance.as_ref().map(|instance| instance.image().manifest()));
        std::mem::replace(&mut target.instance, instance)
    }

    /// Runs system `index` of the manifest with one value per parameter. Returns its commands, which live in `arena`.
    ///
    /// A fault is logged and counted, and suspends the plugin. A call that faults returns no commands, nor does a suspended plugin.
    ///
    /// # Safety
    /// Every column in `params` is valid, has the layout that the manifest states, and is not accessed elsewhere during the call. No two
    /// tables give the same column of the same rows if one of them is to be written. [`ManifestError`](crate::image::ManifestError) rejects
    /// queries that could overlap so, hence it is enough to give each query the rows that its terms match.
    pub unsafe fn run<'arena>(
        &self,
        index: usize,
        params: &[ParamValue],
        change_tick: u32,
        frame: &FrameInfo,
        arena: &'arena FrameArena,
    ) -> &'arena [u8] {
        if self.is_suspended() {
            return &[];
        }
        let mut held = self.lock();
        let (Target { instance: Some(instance), .. }, occupant) = held.parts() else { return &[] };
        let Occupant { ports, uses, numbers, share, .. } = occupant;
        let (Some(run), Some(number)) = (instance.image().functions().systems.get(index).copied(), numbers.get(index))
        else {
            return &[];
        };
        *uses += 1;
        let call = Invocation {
            slot: self,
            entry_point: EntryPoint::System(index),
            number: *number,
            change_tick,
            frame,
            arena,
        };
        call.invoke(instance, &mut ports.publishers, share, params, |state, call| {
            // SAFETY: this image's instance, held by the gate, and a call with the values of its descriptor; the columns by contract.
            unsafe { run(state, call) }
        })
    }

    /// Delivers the messages in the inbox, in (priority, topic, publisher, sequence) order, and passes each delivery's commands to
    /// `commands`.
    pub fn deliver(&self, frame: &FrameInfo, arena: &FrameArena, mut commands: impl FnMut(&[u8])) {
        let mut held = self.lock();
        let (Target { instance: Some(instance), .. }, occupant) = held.parts() else { return };
        let Occupant { ports, uses, delivery, undelivered, missed, share, .. } = occupant;
        let unread = ports.drain(&self.name, |publishers, index, payload| {
            let Some(subscription) = instance.image().manifest().subscriptions.get(index) else { return };
            let deliver = instance.image().functions().subscriptions.get(index).copied();
            let (Some(deliver), Some((number, params))) = (deliver, delivery.get(index)) else { return };
            if self.is_suspended() {
                *undelivered += 1;
                *missed += 1;
                return;
            }
            // Anybody may publish: a malformed record is the publisher's fault, and must not suspend this plugin.
            if !payload.len().is_multiple_of(subscription.topic.message_size.max(1) as usize) {
                *undelivered += 1;
                let (topic, bytes) = (&subscription.topic.name, payload.len());
                tracing::warn!(plugin = self.name, topic, bytes, "a record that holds no whole messages is dropped");
                return;
            }
            *uses += 1;
            let entry_point = EntryPoint::Subscription(index);
            let call = Invocation { slot: self, entry_point, number: *number, change_tick: 0, frame, arena };
            let mut is_malformed = false;
            commands(call.invoke(instance, publishers, share, &params.0, |state, call| {
                // SAFETY: this image's instance, held by the gate, a call with the values of its descriptor, and an aligned payload.
                let status = unsafe { deliver(state, call, payload.as_ptr(), payload.len()) };
                is_malformed = status == Status::MALFORMED;
                if is_malformed { Status::OK } else { status }
            }));
            if is_malformed {
                *undelivered += 1;
                warn_of_malformed(instance.image().manifest(), index);
            }
        });
        *undelivered += unread;
    }

    fn suspend(&self, generation: u32, during: &str, fault: &Fault) {
        self.suspended.store(true, Ordering::Relaxed);
        tracing::error!(
            plugin = self.name,
            generation,
            "{} is suspended until its file changes, is copied again or touched: {during}: {fault}; the commands of this call are dropped",
            self.name,
        );
    }
}

/// Like a record that holds no whole messages: the publisher's fault, not this plugin's.
#[cold]
fn warn_of_malformed(manifest: &Manifest, index: usize) {
    let (plugin, topic) = (&manifest.name, &manifest.subscriptions[index].topic);
    let schema = &topic.schema;
    tracing::warn!(
        plugin,
        topic = topic.name,
        "a record with a number that is no value of its `bool` or enum is dropped: {schema}"
    );
}

/// One call within a frame.
struct Invocation<'a, 'arena> {
    slot: &'a Slot,
    entry_point: EntryPoint,
    number: u32,
    change_tick: u32,
    frame: &'a FrameInfo,
    arena: &'arena FrameArena,
}

impl<'arena> Invocation<'_, 'arena> {
    fn invoke(
        &self,
        instance: &mut Instance,
        publishers: &mut [crate::ports::Port],
        share: &mut Share,
        params: &[ParamValue],
        shim: impl FnOnce(*mut std::ffi::c_void, *mut Call) -> Status,
    ) -> &'arena [u8] {
        let (state, generation) = (instance.state(), instance.generation());
        let piece = Piece::open(self.arena, share);
        let arena = piece.left;
        let access = FrameAccess { piece, ports: publishers };
        let callee = instance.image().callee();
        let lineage = Lineage::from_host(None);
        let mut context = Context::new(callee, self.entry_point, generation, Some(access), &lineage);
        let mut call = Call {
            size: size_of::<Call>() as u32,
            system: self.number,
            life: life(&mut context),
            tick: self.frame.tick,
            seed: self.frame.seed,
            delta_seconds: self.frame.delta_seconds,
            change_tick: self.change_tick,
            arena,
            params: List { pointer: params.as_ptr(), length: params.len() },
            commands: List { pointer: std::ptr::null(), length: 0 },
        };
        let status = shim(state, &raw mut call);
        context.close_piece(call.arena);
        match context.finish(status) {
            // SAFETY: the plugin's command buffer lies in the arena, whose memory stays until the next-but-one flip, which needs the arena
            // mutably.
            Ok(()) => unsafe { call.commands.as_slice() },
            Err(fault) => {
                let during = callee.display_entry_point(self.entry_point).to_string();
                self.slot.suspend(generation, &during, &fault);
                self.slot.faults().note(during, &fault);
                &[]
            }
        }
    }
}

/// Stable number of a method: FNV-1a of `plugin/method`, folded to 32 bits.
fn number(plugin: &str, method: &str) -> u32 {
    let hash = schema_hash(&format!("{plugin}/{method}"));
    (hash ^ (hash >> 32)) as u32
}

fn publishers(params: &[ParamInfo]) -> PublisherValues {
    let numbers = params.iter().filter_map(|param| match param {
        ParamInfo::Publisher(number) => Some(*number),
        ParamInfo::Query { .. } => None,
    });
    PublisherValues(numbers.map(publisher_value).collect())
}

/// The value of a publisher parameter.
#[must_use]
pub fn publisher_value(number: u32) -> ParamValue {
    ParamValue { tables: List { pointer: std::ptr::null(), length: 0 }, publisher: number, reserved: 0 }
}

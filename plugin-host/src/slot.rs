//! A plugin's place in the host, through which systems call it while generations come and go.
//!
//! # Invariants
//! 1. The slot's lock (the gate) belongs to its own instance: it is held while the instance runs and its commands are taken, and no other
//!    lock is held then.
//! 2. No system or subscription of a suspended plugin is called; only its state is saved and dropped.

#![expect(unsafe_code, reason = "calls the system shims of an image")]

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};

use plugin_sdk::abi::{Call, List, ParamValue, Status};
use plugin_sdk::wire::schema_hash;

use crate::arena::{FrameArena, Piece, Share};
use crate::call::{Context, Fault, FrameAccess};
use crate::calls::callee::Step;
use crate::image::{Manifest, ParamInfo};
use crate::instance::Instance;
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
    gate: Mutex<Occupant>,
}

/// The data that the gate protects.
#[derive(Debug)]
pub(crate) struct Occupant {
    /// `None` once the plugin has been removed.
    pub(crate) instance: Option<Instance>,
    pub(crate) ports: Ports,
    /// Number of calls and swaps so far: while it is unchanged, so is the instance's state.
    pub(crate) uses: u64,
    /// Each system's number for random numbers, in the order of the manifest's systems.
    numbers: Vec<u32>,
    /// Number and publisher values of each subscription, in the order of the manifest's subscriptions.
    delivery: Vec<(u32, PublisherValues)>,
    /// Failed calls.
    pub(crate) faults: u64,
    /// Records that were read but not delivered, so that they block no publisher: they arrived while the plugin was suspended, or
    /// contained no whole messages, or a number that is no value of their type.
    pub(crate) undelivered: u64,
    /// Its account of the frame arena.
    pub(crate) share: Share,
}

/// Parameter values of a subscription: publishers only.
#[derive(Debug)]
struct PublisherValues(Vec<ParamValue>);

// SAFETY: a publisher's value contains no pointer except an empty list's.
unsafe impl Send for PublisherValues {}

impl Slot {
    pub(crate) fn new(name: &str, faults: u64, undelivered: u64) -> Self {
        let occupant = Occupant {
            instance: None,
            ports: Ports::default(),
            uses: 0,
            numbers: Vec::new(),
            delivery: Vec::new(),
            faults,
            undelivered,
            share: Share::default(),
        };
        Self { name: name.to_owned(), suspended: AtomicBool::new(false), gate: Mutex::new(occupant) }
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

    pub(crate) fn lock(&self) -> MutexGuard<'_, Occupant> {
        self.gate.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Like [`Self::lock`], but returns `None` while a call holds the gate.
    pub(crate) fn try_lock(&self) -> Option<MutexGuard<'_, Occupant>> {
        match self.gate.try_lock() {
            Ok(occupant) => Some(occupant),
            Err(TryLockError::Poisoned(poisoned)) => Some(poisoned.into_inner()),
            Err(TryLockError::WouldBlock) => None,
        }
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
    pub(crate) fn put(&self, occupant: &mut Occupant, instance: Option<Instance>) -> Option<Instance> {
        self.suspended.store(false, Ordering::Relaxed);
        occupant.uses += 1;
        std::mem::replace(&mut occupant.instance, instance)
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
        let mut occupant = self.lock();
        let Occupant { instance: Some(instance), ports, uses, numbers, faults, share, .. } = &mut *occupant else {
            return &[];
        };
        let (Some(run), Some(number)) = (instance.image().functions().systems.get(index).copied(), numbers.get(index))
        else {
            return &[];
        };
        *uses += 1;
        let call = Invocation { slot: self, step: Step::System(index), number: *number, change_tick, frame, arena };
        call.invoke(instance, &mut ports.publishers, share, faults, params, |state, call| {
            // SAFETY: this image's instance, held by the gate, and a call with the values of its descriptor; the columns by contract.
            unsafe { run(state, call) }
        })
    }

    /// Delivers the messages in the inbox, in (priority, topic, publisher, sequence) order, and passes each delivery's commands to
    /// `commands`.
    pub fn deliver(&self, frame: &FrameInfo, arena: &FrameArena, mut commands: impl FnMut(&[u8])) {
        let mut occupant = self.lock();
        let Occupant { instance: Some(instance), ports, uses, delivery, faults, undelivered, share, .. } =
            &mut *occupant
        else {
            return;
        };
        let unread = ports.drain(&self.name, |publishers, index, payload| {
            let Some(subscription) = instance.image().manifest().subscriptions.get(index) else { return };
            let deliver = instance.image().functions().subscriptions.get(index).copied();
            let (Some(deliver), Some((number, params))) = (deliver, delivery.get(index)) else { return };
            if self.is_suspended() {
                *undelivered += 1;
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
            let step = Step::Subscription(index);
            let call = Invocation { slot: self, step, number: *number, change_tick: 0, frame, arena };
            let mut is_malformed = false;
            commands(call.invoke(instance, publishers, share, faults, &params.0, |state, call| {
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

    fn suspend(&self, generation: u32, place: &str, fault: &Fault) {
        self.suspended.store(true, Ordering::Relaxed);
        tracing::error!(
            plugin = self.name,
            generation,
            "{} is suspended until its file changes, is copied again or touched: {place}: {fault}; the commands of this call are dropped",
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
    step: Step,
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
        faults: &mut u64,
        params: &[ParamValue],
        shim: impl FnOnce(*mut std::ffi::c_void, *mut Call) -> Status,
    ) -> &'arena [u8] {
        let (state, generation) = (instance.state(), instance.generation());
        let piece = Piece::open(self.arena, share);
        let arena = piece.left;
        let access = FrameAccess { piece, ports: publishers };
        let callee = instance.image().callee();
        let mut context = Context::new(callee, self.step, generation, Some(access));
        let mut call = Call {
            size: size_of::<Call>() as u32,
            system: self.number,
            life: context.life(),
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
                *faults += 1;
                self.slot.suspend(generation, &callee.place_of(self.step).to_string(), &fault);
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

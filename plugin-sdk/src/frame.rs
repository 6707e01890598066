//! The frame as one system sees it.
//!
//! # Invariants
//! 1. `call` is the host's, valid for `'call`, and used by this thread alone.

#![expect(unsafe_code, reason = "reads the host's call structure")]

use core::cell::RefCell;
use core::fmt;
use core::marker::PhantomData;
use core::ptr::NonNull;

use crate::abi::{Call, Level, LifeCall, ParamValue};
use crate::arena::Arena;
use crate::call::nested::sealed::Life;
use crate::call::{Calling, OtherPlugin};
use crate::commands::{CommandBuffer, Commands};
use crate::random::Random;
use shm_bus_wire::EntityId;

/// The current frame of one system: time, arena, commands, random numbers, log.
pub struct Frame<'call> {
    call: NonNull<Call>,
    commands: RefCell<CommandBuffer<'call>>,
    borrowed: PhantomData<&'call Call>,
}

impl fmt::Debug for Frame<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        out.debug_struct("Frame").field("tick", &self.tick()).finish_non_exhaustive()
    }
}

impl Life for Frame<'_> {
    fn life(&self) -> LifeCall {
        Frame::life(self)
    }
}

impl Calling for Frame<'_> {}

impl<'call> Frame<'call> {
    /// # Safety
    /// `call` is valid for `'call`, and used only through this frame.
    pub(crate) unsafe fn new(call: NonNull<Call>) -> Self {
        Self { call, commands: RefCell::default(), borrowed: PhantomData }
    }

    fn call(&self) -> &Call {
        // SAFETY: valid by invariant 1; only `arena` changes, through raw pointers that no reference overlaps in time.
        unsafe { self.call.as_ref() }
    }

    pub(crate) fn life(&self) -> LifeCall {
        self.call().life
    }

    pub(crate) fn change_tick(&self) -> u32 {
        self.call().change_tick
    }

    /// The call's parameter `index`.
    ///
    /// # Safety
    /// The call has more than `index` parameters.
    pub(crate) unsafe fn param(&self, index: usize) -> &ParamValue {
        // SAFETY: the host passes as many values as the descriptor has parameters.
        let values = unsafe { self.call().params.as_slice() };
        // SAFETY: more than `index`, by contract.
        unsafe { values.get_unchecked(index) }
    }

    /// Passes the command buffer to the host; called once, after the system has returned.
    pub(crate) fn finish(&self) {
        let bytes = self.commands.take().into_bytes();
        // SAFETY: the call is valid, and no reference to it is live here.
        unsafe { (*self.call.as_ptr()).commands = bytes }
    }

    /// Frames since the world was created.
    #[must_use]
    pub fn tick(&self) -> u64 {
        self.call().tick
    }

    /// Length of the fixed timestep, in seconds.
    #[must_use]
    pub fn dt(&self) -> f32 {
        self.call().delta_seconds
    }

    /// Memory that lives until the end of the next frame.
    #[must_use]
    pub fn arena(&self) -> Arena<'_> {
        // SAFETY: the call is valid and this thread's own by invariant 1.
        unsafe { Arena::new(self.call) }
    }

    /// Structural changes. The host applies them in schedule order at the end of the stage, and drops them if the system panics.
    #[must_use]
    pub fn commands(&self) -> Commands<'_, 'call> {
        // SAFETY: as in `arena`; the memory outlives the call.
        Commands::new(&self.commands, unsafe { Arena::new(self.call) })
    }

    /// Random numbers that depend only on the run's seed, the tick, this system and `entity`. They repeat in a replay, and don't depend
    /// on the iteration order.
    #[must_use]
    pub fn random(&self, entity: EntityId) -> Random {
        let call = self.call();
        Random::new(call.seed, call.tick, call.system, entity)
    }

    /// Another plugin, to be called from within this system or subscription. Calls are made at once, on this thread, and in a frame in the
    /// same order in each run.
    #[must_use]
    pub fn plugin<'a>(&'a self, name: &'a str) -> OtherPlugin<'a> {
        OtherPlugin::new(self.life(), name)
    }

    /// Writes a line to the host's log, with the plugin's name and generation.
    pub fn log(&self, level: Level, message: fmt::Arguments<'_>) {
        crate::log::write(self.life(), level, message);
    }
}

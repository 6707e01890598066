//! A plugin's state object, together with the image whose code it uses.

#![expect(unsafe_code, reason = "calls the life-cycle shims of an image")]

use std::ffi::c_void;
use std::ptr::NonNull;
use std::sync::Arc;

use plugin_sdk::abi::{List, Sink};

use crate::call::life;
use crate::calls::callee::EntryPoint;
use crate::calls::ends;
use crate::context::{Context, StateReport};
use crate::fault::Fault;
use crate::image::Image;
use crate::lineage::Lineage;
use crate::stack::with_room;

/// A live state object. Dropping it drops the state in the image's own code.
#[derive(Debug)]
pub(crate) struct Instance {
    image: Arc<Image>,
    /// Created by the image's `create`; its `destroy` takes it back.
    state: NonNull<c_void>,
    generation: u32,
}

// SAFETY: a plugin's state is `Send` (`PluginState: Send`), and the image's functions may be called from any thread.
unsafe impl Send for Instance {}

// SAFETY: all that several threads do with it at a time is to call exports of `&self`, and the state of a plugin that has such exports is
// `Sync`, which its macro checks. Everything else needs the gate alone.
unsafe impl Sync for Instance {}

impl Instance {
    /// Creates an instance: with defaults if `saved` is empty, otherwise from another generation's saved state. Also returns the report on
    /// that state.
    pub(crate) fn create(
        image: Arc<Image>,
        generation: u32,
        saved: &[u8],
    ) -> Result<(Self, Option<StateReport>), Fault> {
        let create = move || Self::create_here(image, generation, saved);
        if saved.is_empty() { create() } else { with_room(create) }
    }

    fn create_here(image: Arc<Image>, generation: u32, saved: &[u8]) -> Result<(Self, Option<StateReport>), Fault> {
        image.callee().begin(generation);
        ends::note(image.callee());
        let lineage = Lineage::from_host(None);
        let mut context = Context::new(image.callee(), EntryPoint::Create, generation, None, &lineage);
        let (life, mut state) = (life(&mut context), std::ptr::null_mut());
        let saved = List { pointer: saved.as_ptr(), length: saved.len() };
        // SAFETY: the image's own function, with valid arguments for the call.
        let status = unsafe { (image.functions().create)(&raw const life, saved, &raw mut state) };
        let report = context.take_report();
        context.finish(status)?;
        let missing = || Fault { message: "it returned no instance".to_owned(), location: String::new() };
        let state = NonNull::new(state).ok_or_else(missing)?;
        Ok((Self { image, state, generation }, report))
    }

    pub(crate) fn image(&self) -> &Arc<Image> {
        &self.image
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation
    }

    /// The state. Whoever passes it to the image holds the gate, alone or as far as the called function shares it.
    pub(crate) fn state(&self) -> *mut c_void {
        self.state.as_ptr()
    }

    /// The state as named MessagePack.
    pub(crate) fn save(&self) -> Result<Vec<u8>, Fault> {
        struct Lent<'a>(&'a Instance);
        // SAFETY: the lender waits until the borrower is done, and the state is `Send`: one thread at a time uses it.
        unsafe impl Send for Lent<'_> {}
        let lent = Lent(self);
        with_room(move || {
            // Moves the whole wrapper to the other thread, not only its field.
            let Lent(instance) = { lent };
            instance.save_here()
        })
    }

    fn save_here(&self) -> Result<Vec<u8>, Fault> {
        let mut bytes = Vec::new();
        ends::note(self.image.callee());
        let lineage = Lineage::from_host(None);
        let mut context = Context::new(self.image.callee(), EntryPoint::Save, self.generation, None, &lineage);
        let life = life(&mut context);
        let sink = Sink::into_vec(&mut bytes);
        // SAFETY: the image's own function and instance, which nobody else uses meanwhile (`self` is borrowed and calls need `&mut`).
        let status = unsafe { (self.image.functions().save)(&raw const life, self.state.as_ptr(), sink) };
        context.finish(status)?;
        Ok(bytes)
    }
}

impl Drop for Instance {
    fn drop(&mut self) {
        let plugin = &self.image.manifest().name;
        ends::note(self.image.callee());
        let lineage = Lineage::from_host(None);
        let mut context = Context::new(self.image.callee(), EntryPoint::Drop, self.generation, None, &lineage);
        let life = life(&mut context);
        // SAFETY: the image's own function; the state is passed to it once and not used again.
        let status = unsafe { (self.image.functions().destroy)(&raw const life, self.state.as_ptr()) };
        if let Err(fault) = context.finish(status) {
            tracing::warn!(plugin, generation = self.generation, %fault, "its state panicked when dropped");
        }
    }
}

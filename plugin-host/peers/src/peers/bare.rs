//! Function pointers of a library that is opened with `dlopen`: the lower bound.

#![expect(unsafe_code, reason = "calls functions of a library")]

use std::fs;
use std::hint::black_box;
use std::path::Path;
use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use libloading::Library;
use measure::{NEAR, Round, Samples, pin, sample};

use super::hotframe::on_two_threads;
use crate::libraries::library;

/// Calls of one sample.
const CALLS: u64 = 1 << 12;

type Nothing = extern "C" fn();
type Next = extern "C" fn(u64) -> u64;

fn open(path: &Path) -> Result<Library> {
    // SAFETY: the library of this workspace, which runs no code when it is opened.
    Ok(unsafe { Library::new(path) }?)
}

fn nothing_of(library: &Library) -> Result<Nothing> {
    // SAFETY: the function has this signature.
    Ok(*unsafe { library.get::<Nothing>(b"nothing") }?)
}

fn call_many(nothing: Nothing) {
    // The pointer is loaded anew each time, as that of a plugin that may be replaced.
    (0..CALLS).for_each(|_| black_box(nothing)());
}

/// Calls that do nothing.
pub(crate) fn empty(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let library = open(&library("peer_bare")?)?;
    let nothing = nothing_of(&library)?;
    sample(budget, CALLS, || {
        call_many(nothing);
        Ok(())
    })
}

/// The first thread's figures, while a second one calls, too.
pub(crate) fn two_threads(budget: Duration) -> Result<Round> {
    let library = open(&library("peer_bare")?)?;
    let nothing = nothing_of(&library)?;
    on_two_threads(|| {
        sample(budget, CALLS, || {
            call_many(nothing);
            Ok(())
        })
    })
}

/// Copies the library of the plugin, opens the copy, and calls its entry. Each sample has a file of its own.
pub(crate) fn load(budget: Duration) -> Result<Round> {
    pin(NEAR)?;
    let (plugin, bare) = (library("calls")?, library("peer_bare")?);
    let mut samples = Samples::new();
    let start = Instant::now();
    while start.elapsed() < budget || samples.taken() < 12 {
        let folder = tempfile::tempdir()?;
        let copy = folder.path().join("copy.so");
        let before = Instant::now();
        fs::copy(&plugin, &copy)?;
        let opened = open(&copy)?;
        let is_there = {
            // SAFETY: the pointer is not called.
            unsafe { opened.get::<*const ()>(ENTRY) }.is_ok()
        };
        samples.take_each(before.elapsed(), 1);
        ensure!(is_there, "the plugin has no entry");
    }
    // The reply of a function is checked once, outside of the time.
    let library = open(&bare)?;
    // SAFETY: the function has this signature.
    let next = *unsafe { library.get::<Next>(b"next") }?;
    ensure!(next(1) == 2, "a wrong reply");
    samples.percentiles()
}

/// The function that every plugin exports.
const ENTRY: &[u8] = b"hotframe_plugin";

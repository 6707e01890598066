//! A loaded library: its manifest, and the functions that the host calls.
//!
//! # Invariants
//! 1. An image's code stays mapped until the process ends: a retired image is kept and counted, never unloaded, because thread-local
//!    destructors of its std may still point into it.

#![expect(unsafe_code, reason = "loads a library and calls its entry")]

use std::io;
use std::mem::ManuallyDrop;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use libloading::Library;
use plugin_sdk::abi;

use super::copy::PrivateCopy;
use super::descriptor::ManifestError;
use super::inspect::Facts;
use super::manifest::Manifest;
use super::shortage;
use crate::calls::callee::{Callee, EntryPoint, Methods};
use crate::calls::ends;
use crate::calls::home::Home;
use crate::causes::with_causes;
use crate::stack::with_room;

/// Why a library that passed inspection could not be used.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum LoadError {
    /// The system's loader refused it.
    #[error("the system cannot load it")]
    Library(#[from] libloading::Error),
    /// The process lacks a resource that loading needs.
    #[error("it cannot be loaded now: {remedy}")]
    Shortage {
        /// The lacking resource, and advice.
        remedy: &'static str,
        /// The system's error.
        source: io::Error,
    },
    /// The system runs no code from the folder of private copies.
    #[error("the system runs no code from {}, the folder of private copies (is it mounted noexec?); mount it with exec, or let TMPDIR name another folder at the next start", folder.display())]
    NoExec {
        /// The folder of private copies.
        folder: PathBuf,
        /// The system's error.
        source: io::Error,
    },
    /// Its descriptor is invalid.
    #[error("{0}")]
    Manifest(#[from] ManifestError),
    /// Its descriptor names another plugin than its section.
    #[error("its descriptor says {descriptor}, its section {section}")]
    Contradiction {
        /// Name and version.
        descriptor: String,
        /// Name and version.
        section: String,
    },
}

impl LoadError {
    /// Whether the error says nothing about the library: a retry may succeed later although nobody touches the file.
    #[must_use]
    pub fn is_of_the_host(&self) -> bool {
        matches!(self, Self::Shortage { .. } | Self::NoExec { .. })
    }

    /// Wraps the error of the system's loader.
    fn of_loader(error: libloading::Error) -> Self {
        let shortage = shortage::of_text(&with_causes(&error));
        let known = shortage.and_then(|source| Some(Self::Shortage { remedy: shortage::remedy(&source)?, source }));
        known.unwrap_or(Self::Library(error))
    }
}

/// One library file, loaded from a private copy.
#[derive(Debug)]
pub struct Image {
    manifest: Manifest,
    functions: Functions,
    callee: &'static Callee,
    /// Its address space, in bytes.
    mapped: u64,
    /// Stays loaded; see invariant 1.
    _library: ManuallyDrop<Library>,
    /// Kept while the image is in use, so that debuggers and profilers find its symbols.
    _copy: PrivateCopy,
}

/// The plugin's functions. `plugin_sdk::abi` defines how each is called.
#[derive(Debug)]
pub(crate) struct Functions {
    pub(crate) create: abi::CreateFn,
    pub(crate) save: abi::SaveFn,
    pub(crate) destroy: abi::DestroyFn,
    /// In the order of [`Manifest::systems`].
    pub(crate) systems: Vec<abi::SystemFn>,
    /// In the order of [`Manifest::subscriptions`].
    pub(crate) subscriptions: Vec<abi::DeliverFn>,
    /// In the order of [`Manifest::exports`].
    pub(crate) exports: Vec<abi::ExportFn>,
    /// `None` in a library without `tracing`.
    pub(crate) trace_changed: Option<extern "C" fn()>,
}

impl Image {
    /// Loads the private copy of an inspected file. Runs the library's constructors on this thread.
    ///
    /// # Errors
    /// [`LoadError`]; an image that was mapped before the error counts as retired.
    pub(crate) fn load(copy: PrivateCopy, facts: &Facts, home: &Arc<Home>) -> Result<Self, LoadError> {
        // Checked before loading, because the loader reports the process's shortages and a noexec folder as a fault of the library.
        may_run(copy.path())?;
        let callee = Callee::new(&facts.name, copy.path().to_owned(), home.clone());
        let _under_way = callee.enter(EntryPoint::Load);
        ends::note(callee);
        let library =
            ManuallyDrop::new(open(copy.path()).inspect_err(|_| callee.retire()).map_err(LoadError::of_loader)?);
        let mapped = facts.mapped;
        match describe(&library, facts, callee) {
            Ok((manifest, functions)) => {
                callee.name_methods(Methods {
                    systems: manifest.systems.iter().map(|system| system.name.clone()).collect(),
                    subscriptions: manifest.subscriptions.iter().map(|item| item.name.clone()).collect(),
                    exports: manifest.exports.iter().map(|export| export.name.clone()).collect(),
                });
                Ok(Self { manifest, functions, callee, mapped, _library: library, _copy: copy })
            }
            Err(error) => {
                retire(callee, mapped);
                Err(error)
            }
        }
    }

    /// The image's statements about itself.
    #[must_use]
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    pub(crate) fn functions(&self) -> &Functions {
        &self.functions
    }

    /// The target under which its calls are tracked.
    pub(crate) fn callee(&self) -> &'static Callee {
        self.callee
    }
}

impl Drop for Image {
    fn drop(&mut self) {
        retire(self.callee, self.mapped);
    }
}

/// Counts the image as retired: it is no longer called, and stays mapped.
fn retire(callee: &Callee, mapped: u64) {
    callee.retire();
    callee.home.retired.add(&callee.plugin, mapped);
}

/// Maps a page of the copy as code. Errors that are not the process's or the folder's are left to the loader to report.
#[cfg(target_os = "linux")]
fn may_run(copy: &Path) -> Result<(), LoadError> {
    use rustix::mm::{MapFlags, ProtFlags, mmap, munmap};

    let map = || -> io::Result<()> {
        let file = std::fs::File::open(copy)?;
        let code = ProtFlags::READ | ProtFlags::EXEC;
        // SAFETY: a new mapping where the system has room; nobody reads, writes or runs it.
        let page = unsafe { mmap(std::ptr::null_mut(), 1, code, MapFlags::PRIVATE, &file, 0) }?;
        // SAFETY: it was just made, and nothing points into it.
        unsafe { munmap(page, 1) }?;
        Ok(())
    };
    let Err(source) = map() else { return Ok(()) };
    if let Some(remedy) = shortage::remedy(&source) {
        return Err(LoadError::Shortage { remedy, source });
    }
    if source.kind() == io::ErrorKind::PermissionDenied {
        let folder = copy.parent().unwrap_or(copy).to_path_buf();
        return Err(LoadError::NoExec { folder, source });
    }
    Ok(())
}

/// On other systems only the loader reports such errors.
#[cfg(not(target_os = "linux"))]
const fn may_run(_copy: &Path) -> Result<(), LoadError> {
    Ok(())
}

fn open(path: &Path) -> Result<Library, libloading::Error> {
    // SAFETY: the file passed inspection as a plugin of this ABI. Its constructors are trusted as its author is.
    unsafe { Library::new(path) }
}

/// Calls `entry` for the descriptor. It first inspects the state's types, which may be nested as deep as a state is.
fn described_by(entry: abi::EntryFn, callee: &'static Callee) -> *const abi::PluginDescriptor {
    struct Constant(*const abi::PluginDescriptor);
    // SAFETY: constant data of the image, if it is anything: any thread may read it.
    unsafe impl Send for Constant {}
    let constant = with_room(move || {
        ends::note(callee);
        Constant(entry())
    });
    constant.0
}

fn describe(library: &Library, facts: &Facts, callee: &'static Callee) -> Result<(Manifest, Functions), LoadError> {
    // SAFETY: inspection found the symbol and a section of this ABI version, whose entry has this type.
    let entry = unsafe { library.get::<abi::EntryFn>(abi::ENTRY) }?;
    let descriptor = described_by(*entry, callee);
    // SAFETY: returned by the entry of a loaded image.
    let manifest = unsafe { Manifest::read(descriptor) }?;
    if (&manifest.name, &manifest.version) != (&facts.name, &facts.version) {
        let descriptor = format!("{} {}", manifest.name, manifest.version);
        return Err(LoadError::Contradiction { descriptor, section: format!("{} {}", facts.name, facts.version) });
    }
    // SAFETY: `read` accepted it: not null, whole, of this version.
    let descriptor = unsafe { &*descriptor };
    // SAFETY: constant data of the image, with as many items as the manifest.
    let systems = unsafe { descriptor.systems.as_slice() };
    // SAFETY: as above.
    let subscriptions = unsafe { descriptor.subscriptions.as_slice() };
    // SAFETY: as above.
    let exports = unsafe { descriptor.exports.as_slice() };
    let functions = Functions {
        create: descriptor.create,
        save: descriptor.save,
        destroy: descriptor.destroy,
        systems: systems.iter().map(|system| system.run).collect(),
        subscriptions: subscriptions.iter().map(|subscription| subscription.deliver).collect(),
        exports: exports.iter().map(|export| export.call).collect(),
        trace_changed: descriptor.trace_changed,
    };
    Ok((manifest, functions))
}

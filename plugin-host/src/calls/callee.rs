//! An image as the target of calls: its identity, and the entry point that it is executing.
//!
//! A callee lives until the process ends, as the image's code does: a thread that the plugin started may end the process, or panic, long
//! after the image was replaced.
//!
//! # Invariants
//! 1. Only one thread at a time writes the word: the holder of its gate, or the thread that creates or drops the instance. If this
//!    were violated, a wrong entry point would be reported, and nothing else. Exports that run beside one another don't write it, so nobody
//!    reports that one of them does not return.

use std::cell::Cell;
use std::fmt;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};

use super::home::Home;

thread_local! {
    /// The image that this thread is calling. It has no destructor, so that it can be read when the process ends.
    static CURRENT: Cell<Option<&'static Callee>> = const { Cell::new(None) };
}

/// All callees of this process, for the watchdog and the exit handlers.
static ALL: Mutex<Vec<&'static Callee>> = Mutex::new(Vec::new());

/// What the host calls of an image.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EntryPoint {
    /// The system's loader runs its constructors, or its descriptor is read.
    Load,
    Create,
    Save,
    Drop,
    /// By its number in the manifest.
    System(usize),
    /// By its number in the manifest.
    Subscription(usize),
    /// By its number in the manifest.
    Export(usize),
}

/// Number of bits of the word that name the entry point (0: none); the other bits count calls.
const ENTRY_POINT_BITS: u32 = 16;
const ENTRY_POINT_MASK: u64 = (1 << ENTRY_POINT_BITS) - 1;
/// Number of the first system; systems, subscriptions and exports take turns from here on.
const FIRST_METHOD: u64 = 8;

impl EntryPoint {
    fn code(self) -> u64 {
        let method = |number: usize| FIRST_METHOD + 3 * number as u64;
        let code = match self {
            Self::Load => 1,
            Self::Create => 2,
            Self::Save => 3,
            Self::Drop => 4,
            Self::System(number) => method(number),
            Self::Subscription(number) => method(number) + 1,
            Self::Export(number) => method(number) + 2,
        };
        code & ENTRY_POINT_MASK
    }

    fn of_word(word: u64) -> Option<Self> {
        Some(match word & ENTRY_POINT_MASK {
            1 => Self::Load,
            2 => Self::Create,
            3 => Self::Save,
            4 => Self::Drop,
            code => {
                let method = code.checked_sub(FIRST_METHOD)?;
                let number = (method / 3) as usize;
                match method % 3 {
                    0 => Self::System(number),
                    1 => Self::Subscription(number),
                    _ => Self::Export(number),
                }
            }
        })
    }
}

/// Names of an image's methods.
#[derive(Debug)]
pub(crate) struct Methods {
    pub(crate) systems: Vec<String>,
    pub(crate) subscriptions: Vec<String>,
    pub(crate) exports: Vec<String>,
}

/// See the module.
#[derive(Debug)]
pub(crate) struct Callee {
    pub(crate) plugin: String,
    /// Generation of the last instance; 0 before the first.
    generation: AtomicU32,
    /// The state of the `tracing` listeners that its library was last told.
    heard: AtomicU64,
    /// `None` until the descriptor has been read.
    methods: OnceLock<Methods>,
    /// Path of the mapped library.
    #[cfg_attr(
        not(any(all(target_os = "linux", target_env = "gnu"), target_vendor = "apple")),
        expect(dead_code, reason = "read where the system tells whose code is on a stack")
    )]
    library: PathBuf,
    /// The entry point, and a number that is unique to the call.
    word: AtomicU64,
    is_retired: AtomicBool,
    pub(crate) home: Arc<Home>,
}

impl Callee {
    /// Creates one for a library that is about to be loaded.
    pub(crate) fn new(plugin: &str, library: PathBuf, home: Arc<Home>) -> &'static Self {
        let callee: &'static Self = Box::leak(Box::new(Self {
            plugin: plugin.to_owned(),
            generation: AtomicU32::new(0),
            heard: AtomicU64::new(0),
            methods: OnceLock::new(),
            library,
            word: AtomicU64::new(0),
            is_retired: AtomicBool::new(false),
            home,
        }));
        all().push(callee);
        callee
    }

    pub(crate) fn name_methods(&self, methods: Methods) {
        // Setting them a second time would not change them.
        let _ = self.methods.set(methods);
    }

    /// Sets the generation of its next instance.
    pub(crate) fn begin(&self, generation: u32) {
        self.generation.store(generation, Ordering::Relaxed);
    }

    pub(crate) fn generation(&self) -> u32 {
        self.generation.load(Ordering::Relaxed)
    }

    /// Notes the word of [`crate::trace`] that its library is told.
    pub(crate) fn hear(&self, word: u64) {
        self.heard.store(word, Ordering::Relaxed);
    }

    /// The word that its library was told last; 0 if it hasn't asked.
    pub(crate) fn heard(&self) -> u64 {
        self.heard.load(Ordering::Relaxed)
    }

    /// Marks it as no longer called; its threads may go on.
    pub(crate) fn retire(&self) {
        self.is_retired.store(true, Ordering::Relaxed);
    }

    pub(super) fn is_called(&self) -> bool {
        !self.is_retired.load(Ordering::Relaxed)
    }

    /// Records that this thread calls it for `entry_point`, until the returned value is dropped.
    #[inline]
    pub(crate) fn enter(&'static self, entry_point: EntryPoint) -> UnderWay {
        // ORDERING: Relaxed here and in `drop`: a reader only compares the word with an earlier value, and reads nothing that it leads to.
        let calls = self.word.load(Ordering::Relaxed) & !ENTRY_POINT_MASK;
        let word = calls.wrapping_add(1 << ENTRY_POINT_BITS) | entry_point.code();
        self.word.store(word, Ordering::Relaxed);
        // The last such line identifies the cause of an end that no handler sees: abort, `_exit`, a signal.
        tracing::trace!(
            plugin = self.plugin,
            generation = self.generation(),
            "a call, {}",
            self.display_entry_point(entry_point)
        );
        UnderWay { callee: self, is_alone: true, outer: CURRENT.replace(Some(self)) }
    }

    /// Like [`Self::enter`], for a call beside which other threads may call it: the entry point is known to this thread alone.
    #[inline]
    pub(crate) fn enter_beside_others(&'static self, entry_point: EntryPoint) -> UnderWay {
        tracing::trace!(
            plugin = self.plugin,
            generation = self.generation(),
            "a call, {}",
            self.display_entry_point(entry_point)
        );
        UnderWay { callee: self, is_alone: false, outer: CURRENT.replace(Some(self)) }
    }

    /// The current entry point and the call's number; `None` between calls.
    pub(super) fn word(&self) -> Option<u64> {
        let word = self.word.load(Ordering::Relaxed);
        (word & ENTRY_POINT_MASK != 0).then_some(word)
    }

    /// What it is executing, in words: "in its system `steer`".
    pub(crate) fn display_call(&self) -> DisplayCall<'_> {
        self.display_call_at(self.word.load(Ordering::Relaxed))
    }

    pub(super) fn display_call_at(&self, word: u64) -> DisplayCall<'_> {
        DisplayCall { callee: self, entry_point: EntryPoint::of_word(word) }
    }

    pub(crate) fn display_entry_point(&self, entry_point: EntryPoint) -> DisplayCall<'_> {
        DisplayCall { callee: self, entry_point: Some(entry_point) }
    }
}

/// A call in progress on this thread.
#[derive(Debug)]
pub(crate) struct UnderWay {
    callee: &'static Callee,
    is_alone: bool,
    outer: Option<&'static Callee>,
}

impl UnderWay {
    /// The called image.
    pub(crate) const fn callee(&self) -> &'static Callee {
        self.callee
    }
}

impl Drop for UnderWay {
    #[inline]
    fn drop(&mut self) {
        if self.is_alone {
            let word = &self.callee.word;
            word.store(word.load(Ordering::Relaxed) & !ENTRY_POINT_MASK, Ordering::Relaxed);
        }
        CURRENT.set(self.outer);
    }
}

/// The image that this thread is calling.
pub(super) fn current() -> Option<&'static Callee> {
    CURRENT.get()
}

/// The callees of `host` that may still be called.
pub(super) fn of_host(host: u64) -> Vec<&'static Callee> {
    let all = all();
    all.iter().filter(|callee| callee.home.host == host && callee.is_called()).copied().collect()
}

/// The callee whose library is mapped from this path.
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_vendor = "apple"))]
pub(super) fn of_library(library: &std::path::Path) -> Option<&'static Callee> {
    all().iter().find(|callee| callee.library == library).copied()
}

fn all() -> MutexGuard<'static, Vec<&'static Callee>> {
    ALL.lock().unwrap_or_else(PoisonError::into_inner)
}

/// A call of an entry point, as part of a sentence.
#[derive(Debug)]
pub(crate) struct DisplayCall<'a> {
    callee: &'a Callee,
    entry_point: Option<EntryPoint>,
}

impl fmt::Display for DisplayCall<'_> {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        let methods = self.callee.methods.get();
        let name = |names: Option<&Vec<String>>, number: usize| {
            names
                .and_then(|names| names.get(number))
                .map_or_else(|| format!("number {number}"), |name| format!("`{name}`"))
        };
        match self.entry_point {
            None => out.write_str("outside a call"),
            Some(EntryPoint::Load) => out.write_str("while its library is loaded"),
            Some(EntryPoint::Create) => out.write_str("while an instance of it is made"),
            Some(EntryPoint::Save) => out.write_str("while its state is saved"),
            Some(EntryPoint::Drop) => out.write_str("while its state is dropped"),
            Some(EntryPoint::System(number)) => {
                write!(out, "in its system {}", name(methods.map(|methods| &methods.systems), number))
            }
            Some(EntryPoint::Subscription(number)) => {
                write!(out, "in its subscription {}", name(methods.map(|methods| &methods.subscriptions), number))
            }
            Some(EntryPoint::Export(number)) => {
                write!(out, "in its export {}", name(methods.map(|methods| &methods.exports), number))
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENTRY_POINTS: [EntryPoint; 10] = [
        EntryPoint::Load,
        EntryPoint::Create,
        EntryPoint::Save,
        EntryPoint::Drop,
        EntryPoint::System(0),
        EntryPoint::System(1),
        EntryPoint::Subscription(0),
        EntryPoint::Subscription(7),
        EntryPoint::Export(0),
        EntryPoint::Export(1023),
    ];

    fn callee() -> &'static Callee {
        Callee::new("ai", PathBuf::from("ai.so"), Arc::new(Home::new()))
    }

    #[test]
    fn a_word_tells_its_entry_point() {
        assert!(ENTRY_POINTS.iter().all(|entry_point| EntryPoint::of_word(entry_point.code()) == Some(*entry_point)));
        assert_eq!(EntryPoint::of_word(7 << ENTRY_POINT_BITS), None);
    }

    #[test]
    fn two_calls_of_the_same_entry_point_have_different_words() {
        let callee = callee();
        let words = [(); 2].map(|()| {
            let _under_way = callee.enter(EntryPoint::Save);
            callee.word()
        });
        assert!(words[0].is_some() && words[0] != words[1], "{words:?}");
        assert_eq!(callee.word(), None);
    }

    #[test]
    fn this_thread_knows_whom_it_calls() {
        let (one, other) = (callee(), callee());
        assert!(current().is_none());
        let outer = one.enter(EntryPoint::Create);
        let inner = other.enter(EntryPoint::System(0));
        assert!(current().is_some_and(|callee| std::ptr::eq(callee, other)));
        drop(inner);
        assert!(current().is_some_and(|callee| std::ptr::eq(callee, one)));
        drop(outer);
        assert!(current().is_none());
    }

    #[test]
    fn a_call_is_displayed_with_its_methods_name_once_that_is_known() {
        let callee = callee();
        let _under_way = callee.enter(EntryPoint::System(1));
        assert_eq!(callee.display_call().to_string(), "in its system number 1");
        let systems = vec!["think".to_owned(), "steer".to_owned()];
        callee.name_methods(Methods { systems, subscriptions: Vec::new(), exports: Vec::new() });
        assert_eq!(callee.display_call().to_string(), "in its system `steer`");
    }
}

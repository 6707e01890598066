//! The process that created a handle: a word that contains 0 in a process that was just forked, and otherwise a number of its own.
//!
//! Process ids are not enough: a parent that is process 1 of its pid namespace can fork a child that is process 1 of another. On Linux the
//! kernel zeroes the word's page in every forked child, however it was forked. On other systems, and if the kernel refuses,
//! `pthread_atfork` stores the 0; then a child that was not forked through the C library is taken for its parent.
//!
//! # Invariants
//! 1. A number is never reused in a process or its descendants: it comes from a counter that children inherit.

#![expect(unsafe_code, reason = "has the C library call back in forked children")]

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// The process in which something was created.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Origin {
    word: &'static AtomicU64,
    number: u64,
}

impl Origin {
    /// This process.
    pub(crate) fn here() -> Self {
        /// The greatest number that this process or an ancestor has had.
        static LAST: AtomicU64 = AtomicU64::new(0);
        static WORD: OnceLock<&AtomicU64> = OnceLock::new();
        let word = *WORD.get_or_init(|| emptied_by_the_kernel().unwrap_or_else(emptied_by_the_library));
        // ORDERING: Relaxed, here and below: the number publishes no other data.
        let mut number = word.load(Ordering::Relaxed);
        if number == 0 {
            let new = LAST.fetch_add(1, Ordering::Relaxed) + 1;
            number =
                word.compare_exchange(0, new, Ordering::Relaxed, Ordering::Relaxed).map_or_else(|now| now, |_| new);
        }
        Self { word, number }
    }

    /// Whether this is still the same process, and not a forked child of it.
    #[inline(always)]
    pub(crate) fn is_here(self) -> bool {
        self.word.load(Ordering::Relaxed) == self.number
    }
}

/// A word in a page that the kernel zeroes in forked children. Source: madvise(2), `MADV_WIPEONFORK`.
#[cfg(target_os = "linux")]
fn emptied_by_the_kernel() -> Option<&'static AtomicU64> {
    use rustix::mm::{Advice, MapFlags, ProtFlags, madvise, mmap_anonymous};

    /// The kernel maps and empties whole pages, whatever their size.
    const LEN: usize = size_of::<AtomicU64>();

    // SAFETY: a mapping of its own, at an address that the kernel chooses.
    let page =
        unsafe { mmap_anonymous(std::ptr::null_mut(), LEN, ProtFlags::READ | ProtFlags::WRITE, MapFlags::PRIVATE) };
    let page = page.ok()?;
    // SAFETY: the mapping that was just made, of which nobody else knows; the advice changes nothing in this process.
    unsafe { madvise(page, LEN, Advice::LinuxWipeOnFork) }.ok()?;
    // SAFETY: a page is aligned and holds 8 bytes, its zeros are a valid word, it is never unmapped, and nobody else has it.
    Some(unsafe { AtomicU64::from_ptr(page.cast()) })
}

#[cfg(not(target_os = "linux"))]
const fn emptied_by_the_kernel() -> Option<&'static AtomicU64> {
    None
}

/// A word that the C library empties in children that are forked through it.
fn emptied_by_the_library() -> &'static AtomicU64 {
    static WORD: AtomicU64 = AtomicU64::new(0);

    type Hook = Option<unsafe extern "C" fn()>;
    unsafe extern "C" {
        fn pthread_atfork(prepare: Hook, parent: Hook, child: Hook) -> std::ffi::c_int;
    }

    unsafe extern "C" fn in_the_child() {
        WORD.store(0, Ordering::Relaxed);
    }

    // SAFETY: the hook only stores a word, which is allowed in a forked child, and it stays in memory as long as this code.
    let refused = unsafe { pthread_atfork(None, None, Some(in_the_child)) } != 0;
    if refused {
        tracing::warn!("cannot detect forks: a forked child must not use its parent's bus");
    }
    &WORD
}

#[cfg(test)]
mod tests {
    use super::{Origin, emptied_by_the_library};
    use std::sync::atomic::Ordering;

    unsafe extern "C" {
        fn fork() -> i32;
        fn _exit(status: i32) -> !;
        fn waitpid(child: i32, status: *mut i32, options: i32) -> i32;
    }

    /// Whether `what` holds in a forked child.
    fn holds_in_a_child(what: impl FnOnce() -> bool) -> bool {
        // SAFETY: the child calls `what`, which takes no lock, and ends.
        let child = unsafe { fork() };
        if child == 0 {
            // SAFETY: a plain system call.
            unsafe { _exit(i32::from(!what())) };
        }
        let mut status = -1;
        // SAFETY: `status` is a writable word.
        let waited = unsafe { waitpid(child, &raw mut status, 0) };
        assert_eq!(waited, child);
        status == 0
    }

    #[test]
    fn a_child_is_told_from_its_parent_and_from_its_own_children() {
        let parent = Origin::here();
        assert!(parent.is_here() && Origin::here().is_here());
        assert!(holds_in_a_child(|| {
            let told = !parent.is_here();
            let child = Origin::here();
            told && child.is_here() && holds_in_a_child(|| !child.is_here() && !parent.is_here())
        }));
        assert!(parent.is_here());
    }

    #[test]
    fn where_the_kernel_empties_nothing_the_c_library_does() {
        let word = emptied_by_the_library();
        word.store(7, Ordering::Relaxed);
        assert!(holds_in_a_child(|| word.load(Ordering::Relaxed) == 0));
        assert_eq!(word.load(Ordering::Relaxed), 7);
    }
}

//! Finds whose code is on this thread's stack.

#![expect(unsafe_code, reason = "walks the stack and asks the loader")]

use super::callee::Callee;

/// The innermost image whose code this thread runs; also `None` where the system can't tell.
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_vendor = "apple"))]
pub(super) fn culprit() -> Option<&'static Callee> {
    const DEPTH: usize = 256;
    let mut frames = [std::ptr::null_mut(); DEPTH];
    // SAFETY: the array has that many places.
    let count = unsafe { libc::backtrace(frames.as_mut_ptr(), DEPTH as libc::c_int) };
    let count = usize::try_from(count).unwrap_or(0).min(DEPTH);
    frames[..count].iter().find_map(|frame| super::callee::of_library(&library_at(*frame)?))
}

#[cfg(not(any(all(target_os = "linux", target_env = "gnu"), target_vendor = "apple")))]
pub(super) fn culprit() -> Option<&'static Callee> {
    None
}

/// The library that contains the code at `address`.
#[cfg(any(all(target_os = "linux", target_env = "gnu"), target_vendor = "apple"))]
fn library_at(address: *const libc::c_void) -> Option<std::path::PathBuf> {
    use std::os::unix::ffi::OsStrExt as _;

    let mut info = std::mem::MaybeUninit::<libc::Dl_info>::zeroed();
    // SAFETY: any address may be passed, and the answer has its place.
    if unsafe { libc::dladdr(address, info.as_mut_ptr()) } == 0 {
        return None;
    }
    // SAFETY: filled by the call; the zeros before it are valid, too.
    let info = unsafe { info.assume_init() };
    if info.dli_fname.is_null() {
        return None;
    }
    // SAFETY: the loader's own text, which stays valid while the library is mapped.
    let name = unsafe { std::ffi::CStr::from_ptr(info.dli_fname) };
    Some(std::ffi::OsStr::from_bytes(name.to_bytes()).into())
}

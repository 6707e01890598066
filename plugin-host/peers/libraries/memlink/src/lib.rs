//! A module for memlink-runtime, by its C ABI. The macros of memlink-msdk register no method, so this is written by hand.

/// Begins.
#[unsafe(no_mangle)]
pub extern "C" fn memlink_init(_config: *const u8, _length: usize) -> i32 {
    0
}

/// Replies with a 7 to whatever is called; the runtime returns 4096 bytes always.
///
/// # Safety
/// `output` has room for 4096 bytes, as the runtime's has.
#[unsafe(no_mangle)]
pub unsafe extern "C" fn memlink_call(_method: u32, _arguments: *const u8, _length: usize, output: *mut u8) -> i32 {
    // SAFETY: by contract.
    unsafe { *output = 7 };
    0
}

/// Ends.
#[unsafe(no_mangle)]
pub extern "C" fn memlink_shutdown() -> i32 {
    0
}

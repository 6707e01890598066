//! Functions without any framework.

/// Does nothing.
#[unsafe(no_mangle)]
pub extern "C" fn nothing() {}

/// The next number.
#[unsafe(no_mangle)]
pub extern "C" fn next(number: u64) -> u64 {
    number.wrapping_add(1)
}

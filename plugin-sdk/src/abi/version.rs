//! What both sides must agree on besides the layouts.

/// The version of everything in this ABI. Another one is refused before the image is loaded.
pub const ABI_VERSION: u32 = 3;

/// Stack size of the threads on which states are saved and restored. The SDK refuses a state that needs more.
pub const STATE_STACK_BYTES: usize = 32 << 20;

/// The exported function's name.
pub const ENTRY: &str = "hotframe_plugin";

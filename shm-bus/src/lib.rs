//! Prioritized messages between threads, plugins and processes over shared memory.

pub mod wire;

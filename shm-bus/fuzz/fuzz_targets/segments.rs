//! Any words in the registry, the lanes and the inboxes of a bus in use.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| shm_bus::fuzzing::segments(data));

//! Any words in the register, the lanes and the inboxes of a bus that is in use.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| shm_bus::fuzzing::segments(data));

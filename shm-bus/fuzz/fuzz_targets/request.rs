//! A server and a client that receive arbitrary messages on their topics.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| shm_bus::fuzzing::request(data));

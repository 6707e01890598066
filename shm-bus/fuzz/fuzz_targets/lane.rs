//! A reader of each kind over any header page and ring.

#![no_main]

use libfuzzer_sys::fuzz_target;

fuzz_target!(|data: &[u8]| shm_bus::fuzzing::lane(data));

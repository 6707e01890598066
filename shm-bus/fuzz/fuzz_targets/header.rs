//! 32 bytes as a header: an accepted header is encoded again to the same bits, and a refused one is refused for one field.

#![no_main]

use libfuzzer_sys::fuzz_target;
use shm_bus::wire::{HEADER_BYTES, Header};

fuzz_target!(|data: &[u8]| {
    let Some((bytes, _)) = data.split_first_chunk::<HEADER_BYTES>() else { return };
    match Header::decode(bytes) {
        Ok(header) => {
            assert!(header.length as usize >= HEADER_BYTES);
            assert_eq!(header.encode(), *bytes);
            assert_eq!(Header::from_words(header.to_words()), Ok(header));
        }
        Err(error) => assert!(error.to_string().starts_with("header field")),
    }
});

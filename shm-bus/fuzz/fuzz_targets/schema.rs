//! Any text as a schema, then any bytes as messages of it: the output is JSON, and its length is bounded by the text and the bytes.

#![no_main]

use libfuzzer_sys::fuzz_target;
use serde::Deserialize;
use shm_bus::schema::Fields;

fuzz_target!(|data: &[u8]| {
    let mut parts = data.splitn(2, |byte| *byte == 0);
    let Ok(text) = str::from_utf8(parts.next().unwrap_or_default()) else { return };
    let payload = parts.next().unwrap_or_default();
    match Fields::parse(text) {
        Ok(fields) => {
            assert!(fields.size() > 0);
            is_json(&fields.to_json(payload));
            let is_refused = fields.check(payload).is_err();
            assert!(!is_refused || !fields.any_bits() || !payload.len().is_multiple_of(fields.size()));
            if fields.size() <= 4096 {
                let mut one = payload.to_vec();
                one.resize(fields.size(), 0xa5);
                is_json(&fields.to_json(&one));
            }
        }
        Err(error) => assert!(!error.to_string().is_empty()),
    }
});

fn is_json(text: &str) {
    let mut parser = serde_json::Deserializer::from_str(text);
    parser.disable_recursion_limit();
    serde::de::IgnoredAny::deserialize(&mut parser).expect("JSON");
    parser.end().expect("nothing behind it");
}

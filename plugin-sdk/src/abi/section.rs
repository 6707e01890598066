//! The record that the host reads from a plugin's *file*, before any of its code runs.
//!
//! ```text
//! offset  0        8         12       14     18       19      20        …
//!         magic[8] length:u32 kind:u16 abi:u32 panic:u8 name:len+bytes version:len+bytes
//! ```
//! Little-endian, alignment 1, no pointers; `length` counts the whole record. The section holds records in any order.

use super::version::ABI_VERSION;

/// First bytes of each record.
pub const MAGIC: [u8; 8] = *b"HOTFRAME";

/// Kind of the record that identifies the plugin.
pub const KIND_PLUGIN: u16 = 1;

/// Bytes before the name.
const FIXED: usize = 19;

/// Length of [`plugin_record`]'s result.
#[must_use]
pub const fn record_length(name: &str, version: &str) -> usize {
    FIXED + 1 + name.len() + 1 + version.len()
}

/// The record of a plugin built with this SDK and panic strategy.
///
/// # Panics
/// At compile time, if `N` is not [`record_length`], a text is empty, the name exceeds 64 bytes or the version 255.
#[must_use]
pub const fn plugin_record<const N: usize>(name: &str, version: &str) -> [u8; N] {
    assert!(N == record_length(name, version));
    assert!(!name.is_empty() && name.len() <= 64, "a plugin's name has 1 to 64 bytes");
    assert!(!version.is_empty() && version.len() <= 255, "a plugin's version has 1 to 255 bytes");
    let mut record = [0; N];
    let at = put(&mut record, 0, &MAGIC);
    let at = put(&mut record, at, &(N as u32).to_le_bytes());
    let at = put(&mut record, at, &KIND_PLUGIN.to_le_bytes());
    let at = put(&mut record, at, &ABI_VERSION.to_le_bytes());
    let at = put(&mut record, at, &[cfg!(panic = "unwind") as u8]);
    let at = put(&mut record, at, &[name.len() as u8]);
    let at = put(&mut record, at, name.as_bytes());
    let at = put(&mut record, at, &[version.len() as u8]);
    let end = put(&mut record, at, version.as_bytes());
    assert!(end == N);
    record
}

const fn put(record: &mut [u8], at: usize, bytes: &[u8]) -> usize {
    let mut index = 0;
    while index < bytes.len() {
        record[at + index] = bytes[index];
        index += 1;
    }
    at + bytes.len()
}

#[cfg(test)]
mod tests {
    use super::{plugin_record, record_length};

    #[test]
    fn record_holds_what_the_host_looks_for() {
        let record: [u8; record_length("ai", "1.2.3")] = plugin_record("ai", "1.2.3");
        assert_eq!(record[..8], *b"HOTFRAME");
        assert_eq!(record[8..12], 28_u32.to_le_bytes());
        assert_eq!(&record[19..], b"\x02ai\x051.2.3");
    }
}

//! Detects map keys with equal encodings while a map is written, because the reader would keep only the last such entry. Different keys can
//! have equal encodings if they are untagged variants, differ in a skipped field, or have their own `Serialize`.

use core::hash::Hasher as _;
use core::ops::Range;
use std::hash::DefaultHasher;

/// The error message.
pub(super) const EQUAL_KEYS: &str = "two entries are written with the same key, so a restore would keep only one";

/// Hash and place of each key so far.
#[derive(Debug, Default)]
pub(super) struct Keys(Vec<(u64, Range<usize>)>);

impl Keys {
    /// Records the key that begins at `start` in `out`.
    pub(super) fn note(&mut self, out: &[u8], start: usize) {
        self.0.push((hash(&out[start..]), start..out.len()));
    }

    /// The first duplicate key.
    pub(super) fn equal<'out>(&mut self, out: &'out [u8]) -> Option<&'out [u8]> {
        self.0.sort_unstable_by_key(|(hash, _)| *hash);
        let mut pairs = self.0.windows(2);
        let pair = pairs.find(|pair| pair[0].0 == pair[1].0 && out[pair[0].1.clone()] == out[pair[1].1.clone()])?;
        Some(&out[pair[0].1.clone()])
    }
}

/// Hash of a key. The hash of a short key is the key itself, so that numbers stay in order.
fn hash(bytes: &[u8]) -> u64 {
    if bytes.len() < 8 {
        let mut short = [0; 8];
        short[..bytes.len()].copy_from_slice(bytes);
        return u64::from_be_bytes(short);
    }
    let mut hasher = DefaultHasher::new();
    hasher.write(bytes);
    hasher.finish()
}

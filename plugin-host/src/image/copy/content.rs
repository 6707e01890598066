//! The hash of a file's content: XXH64 with seed 0.
//!
//! Distinguishes contents, so that each is tried once; it doesn't protect against deliberate collisions. Algorithm and figures: the xxHash
//! specification, version 0.1.1.

use std::fmt;
use std::io::{self, Read};

const PRIME_1: u64 = 0x9E37_79B1_85EB_CA87;
const PRIME_2: u64 = 0xC2B2_AE3D_27D4_EB4F;
const PRIME_3: u64 = 0x1656_67B1_9E37_79F9;
const PRIME_4: u64 = 0x85EB_CA77_C2B2_AE63;
const PRIME_5: u64 = 0x27D4_EB2F_1656_67C5;

/// Bytes that one round of the four accumulators consumes.
const STRIPE: usize = 32;

/// Bytes per read; a multiple of [`STRIPE`].
const BLOCK: usize = 128 * 1024;

/// Hash of a file's content, 64 bits.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct ContentHash(u64);

impl ContentHash {
    /// The hash of these bytes.
    #[must_use]
    pub fn of(bytes: &[u8]) -> Self {
        let stripes = bytes.len() / STRIPE * STRIPE;
        let (whole, rest) = bytes.split_at(stripes);
        let mut lanes = Lanes::new();
        lanes.take(whole);
        Self(lanes.finish(rest, bytes.len() as u64))
    }

    /// Hashes everything that `reader` yields; returns the hash and the number of bytes.
    ///
    /// # Errors
    /// Those of the reader.
    pub fn of_reader(mut reader: impl Read) -> io::Result<(Self, u64)> {
        let mut block = vec![0; BLOCK];
        let mut lanes = Lanes::new();
        let mut len = 0;
        loop {
            let filled = fill(&mut reader, &mut block)?;
            len += filled as u64;
            let (whole, rest) = block[..filled].split_at(filled / STRIPE * STRIPE);
            lanes.take(whole);
            if filled < BLOCK {
                return Ok((Self(lanes.finish(rest, len)), len));
            }
        }
    }

    /// The hash as a number, for logs and files.
    #[must_use]
    pub const fn get(self) -> u64 {
        self.0
    }
}

impl fmt::Display for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:016x}", self.0)
    }
}

impl fmt::Debug for ContentHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "ContentHash({self})")
    }
}

/// Reads until `block` is full or the reader ends.
fn fill(reader: &mut impl Read, block: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < block.len() {
        match reader.read(&mut block[filled..]) {
            Ok(0) => break,
            Ok(n) => filled += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

struct Lanes([u64; 4]);

impl Lanes {
    const fn new() -> Self {
        Self([PRIME_1.wrapping_add(PRIME_2), PRIME_2, 0, 0u64.wrapping_sub(PRIME_1)])
    }

    /// Processes whole stripes.
    fn take(&mut self, stripes: &[u8]) {
        for stripe in stripes.chunks_exact(STRIPE) {
            for (lane, word) in self.0.iter_mut().zip(stripe.chunks_exact(8)) {
                *lane = round(*lane, word_of(word));
            }
        }
    }

    /// The final hash: `rest` is the tail shorter than a stripe, `len` the total number of bytes.
    fn finish(&self, rest: &[u8], len: u64) -> u64 {
        let mut hash = if len < STRIPE as u64 { PRIME_5 } else { self.merge() };
        hash = hash.wrapping_add(len);
        let words = rest.chunks_exact(8);
        let mut tail = words.remainder();
        for word in words {
            hash = (hash ^ round(0, word_of(word))).rotate_left(27).wrapping_mul(PRIME_1).wrapping_add(PRIME_4);
        }
        if let Some((half, after)) = tail.split_first_chunk::<4>() {
            hash ^= u64::from(u32::from_le_bytes(*half)).wrapping_mul(PRIME_1);
            hash = hash.rotate_left(23).wrapping_mul(PRIME_2).wrapping_add(PRIME_3);
            tail = after;
        }
        for &byte in tail {
            hash = (hash ^ u64::from(byte).wrapping_mul(PRIME_5)).rotate_left(11).wrapping_mul(PRIME_1);
        }
        avalanche(hash)
    }

    fn merge(&self) -> u64 {
        let [a, b, c, d] = self.0;
        let sum = a.rotate_left(1).wrapping_add(b.rotate_left(7)).wrapping_add(c.rotate_left(12));
        let sum = sum.wrapping_add(d.rotate_left(18));
        self.0.iter().fold(sum, |hash, &lane| (hash ^ round(0, lane)).wrapping_mul(PRIME_1).wrapping_add(PRIME_4))
    }
}

const fn round(lane: u64, word: u64) -> u64 {
    lane.wrapping_add(word.wrapping_mul(PRIME_2)).rotate_left(31).wrapping_mul(PRIME_1)
}

const fn avalanche(hash: u64) -> u64 {
    let hash = (hash ^ (hash >> 33)).wrapping_mul(PRIME_2);
    let hash = (hash ^ (hash >> 29)).wrapping_mul(PRIME_3);
    hash ^ (hash >> 32)
}

/// A chunk of 8 bytes as a number.
fn word_of(chunk: &[u8]) -> u64 {
    let mut word = [0; 8];
    word.copy_from_slice(chunk);
    u64::from_le_bytes(word)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values of the reference implementation (`xxhsum -H1`), seed 0.
    #[test]
    fn known_values() {
        assert_eq!(ContentHash::of(b"").get(), 0xEF46_DB37_51D8_E999);
        assert_eq!(ContentHash::of(b"a").get(), 0xD24E_C4F1_A98C_6E5B);
        assert_eq!(ContentHash::of(b"abc").get(), 0x44BC_2CF5_AD77_0999);
        let text = b"Call me Ishmael. Some years ago--never mind how long precisely-";
        assert_eq!(ContentHash::of(text).get(), 0x02A2_E854_70D6_FD96);
    }

    /// Yields at most `step` bytes per read.
    struct Dribble<'a>(&'a [u8], usize);

    impl Read for Dribble<'_> {
        fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
            let n = self.1.min(into.len()).min(self.0.len());
            let (now, later) = self.0.split_at(n);
            into[..n].copy_from_slice(now);
            self.0 = later;
            Ok(n)
        }
    }

    #[test]
    fn the_pieces_do_not_matter() {
        let bytes: Vec<u8> = (0..2 * BLOCK + 77).map(|i| (i * 31 % 251) as u8).collect();
        for len in [0, 1, 31, 32, 33, BLOCK - 1, BLOCK, BLOCK + 1, 2 * BLOCK, bytes.len()] {
            let part = &bytes[..len];
            let read = ContentHash::of_reader(Dribble(part, 4097)).unwrap();
            assert_eq!(read, (ContentHash::of(part), len as u64), "{len}");
        }
    }
}

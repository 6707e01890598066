//! Entry points for the fuzzer in `shm-bus/fuzz` to parts that are not public. Not part of the interface.
//!
//! Each function takes any bytes, and panics, hangs or leaks memory only if there is a bug.

mod lane;
mod request;
mod segments;

pub use lane::lane;
pub use request::request;
pub use segments::segments;

/// Numbers from the front of any bytes; zeros after they are used up.
struct Bytes<'a>(&'a [u8]);

impl Bytes<'_> {
    fn u8(&mut self) -> u8 {
        self.take::<1>()[0]
    }

    fn u16(&mut self) -> u16 {
        u16::from_le_bytes(self.take())
    }

    fn u64(&mut self) -> u64 {
        u64::from_le_bytes(self.take())
    }

    /// At most `most` bytes.
    fn slice(&mut self, most: usize) -> &[u8] {
        let (front, rest) = self.0.split_at(most.min(self.0.len()));
        self.0 = rest;
        front
    }

    const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    fn take<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        let front = self.slice(N);
        bytes[..front.len()].copy_from_slice(front);
        bytes
    }
}

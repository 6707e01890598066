//! The sent data: a block of words that encode its number, so that a reader that sums them can check that every word arrived.

#![expect(unsafe_code, reason = "views words as bytes")]

use anyhow::{Result, ensure};

/// `W` words: the number, the number + 1, and so on.
#[derive(Clone, Copy, Debug)]
#[repr(transparent)]
pub(crate) struct Block<const W: usize>(pub(crate) [u64; W]);

/// Words of 64 bytes.
pub(crate) const SMALL: usize = 8;
/// Words of 1 KiB.
pub(crate) const LARGE: usize = 128;

/// The number that tells the far end to leave. Other numbers are smaller; their sums fit 64 bits.
pub(crate) const END: u64 = 1 << 48;

impl<const W: usize> Block<W> {
    pub(crate) const BYTES: usize = 8 * W;
    /// The amount that the words' positions add to the sum.
    const PLACES: u64 = (W as u64 - 1) * W as u64 / 2;

    #[inline]
    pub(crate) fn of(number: u64) -> Self {
        Self(std::array::from_fn(|place| number + place as u64))
    }

    #[inline]
    pub(crate) fn sum(&self) -> u64 {
        self.0.iter().fold(0, |sum, word| sum.wrapping_add(*word))
    }

    #[inline]
    pub(crate) fn as_bytes(&self) -> &[u8] {
        // SAFETY: words have no padding and bytes no alignment; the length is that of the array.
        unsafe { std::slice::from_raw_parts(self.0.as_ptr().cast(), Self::BYTES) }
    }

    /// The sum of a block that arrived as bytes.
    #[inline]
    pub(crate) fn sum_of(bytes: &[u8]) -> Result<u64> {
        ensure!(bytes.len() == Self::BYTES, "{} bytes arrived instead of {}", bytes.len(), Self::BYTES);
        let (words, _) = bytes.as_chunks::<8>();
        Ok(words.iter().fold(0, |sum, word| sum.wrapping_add(u64::from_ne_bytes(*word))))
    }

    /// The number of the block with this sum.
    #[inline]
    pub(crate) fn number_of(sum: u64) -> Result<u64> {
        let numbers = sum.wrapping_sub(Self::PLACES);
        ensure!(numbers.is_multiple_of(W as u64), "a block arrived damaged: its words add up to {sum}");
        Ok(numbers / W as u64)
    }
}

impl<const W: usize> AsRef<[u8]> for Block<W> {
    #[inline]
    fn as_ref(&self) -> &[u8] {
        self.as_bytes()
    }
}

#[cfg(test)]
mod tests {
    use super::{Block, END, LARGE, SMALL};

    #[test]
    fn a_block_tells_its_number_by_its_sum_and_a_damaged_one_is_noticed() {
        for number in [0, 1, 77, END - 1, END] {
            let block = Block::<LARGE>::of(number);
            let sum = Block::<LARGE>::sum_of(block.as_bytes()).expect("whole");
            assert_eq!(sum, block.sum());
            assert_eq!(Block::<LARGE>::number_of(sum).expect("undamaged"), number);
        }
        let mut damaged = Block::<SMALL>::of(5);
        damaged.0[3] += 1;
        assert!(Block::<SMALL>::number_of(damaged.sum()).is_err());
        assert!(Block::<SMALL>::sum_of(&damaged.as_bytes()[1..]).is_err());
    }
}

//! The backdrop behind all light: deep blue, darker towards the rim, with faint stars.
//!
//! It is dithered because eight bits show steps in so dark a gradient. The noise depends only on the pixel.

use std::ops::Range;

/// Some rows of a still picture, with separate red, green and blue.
#[derive(Debug)]
pub(super) struct Backdrop {
    planes: [Vec<u8>; 3],
    width: usize,
    top: usize,
}

/// `[r, g, b]` in the middle and at the rim.
const MIDDLE: [f32; 3] = [7.0, 10.0, 34.0];
const RIM: [f32; 3] = [1.0, 1.0, 7.0];
/// Number of pixels per star.
const PIXELS_PER_STAR: u32 = 5_000;

impl Backdrop {
    /// Paints `rows` of a backdrop of `size`: width and height in pixels.
    pub(super) fn paint(size: [usize; 2], rows: Range<usize>) -> Self {
        let width = size[0];
        let plane = |channel: usize| {
            let places = rows.clone().flat_map(|y| (0..width).map(move |x| [x, y]));
            places.map(|place| shade(channel, place, size)).collect()
        };
        Self { planes: [plane(0), plane(1), plane(2)], width, top: rows.start }
    }

    /// Row `y` of the picture in each colour.
    pub(super) fn row(&self, y: usize) -> [&[u8]; 3] {
        let start = (y - self.top) * self.width;
        self.planes.each_ref().map(|plane| &plane[start..start + self.width])
    }
}

fn shade(channel: usize, [x, y]: [usize; 2], [width, height]: [usize; 2]) -> u8 {
    let away = |at: usize, of: usize| (at as f32 + 0.5) / of as f32 * 2.0 - 1.0;
    let (dx, dy) = (away(x, width), away(y, height));
    let near = (1.0 - (dx * dx * 0.8 + dy * dy) * 0.62).max(0.0);
    let base = RIM[channel] + (MIDDLE[channel] - RIM[channel]) * near * near;
    let seed = noise((y * width + x) as u32);
    let star = if seed.is_multiple_of(PIXELS_PER_STAR) { 20.0 + (noise(seed) & 63) as f32 * near } else { 0.0 };
    let dither = (noise(seed ^ channel as u32) & 255) as f32 / 256.0;
    (base + star + dither) as u8
}

/// A hash of `seed` (the finalizer of MurmurHash3).
fn noise(seed: u32) -> u32 {
    let mut hash = seed.wrapping_add(0x9e37_79b9);
    hash = (hash ^ (hash >> 16)).wrapping_mul(0x85eb_ca6b);
    hash = (hash ^ (hash >> 13)).wrapping_mul(0xc2b2_ae35);
    hash ^ (hash >> 16)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_rim_is_darker_than_the_middle() {
        let backdrop = Backdrop::paint([320, 180], 0..180);
        let mean = |row: &[u8]| row.iter().map(|&byte| f32::from(byte)).sum::<f32>() / row.len() as f32;
        assert!(mean(backdrop.row(90)[2]) > mean(backdrop.row(0)[2]) + 5.0);
    }
}

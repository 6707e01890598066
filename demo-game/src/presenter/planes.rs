//! Light as rows of bytes with separate red, green and blue: adding a row of a mask is one vectorized loop per colour.
//!
//! ```text
//! row y  │margin│ red … │margin│margin│ green … │margin│margin│ blue … │margin│
//! row y+1│ …
//! ```
//! The margins are invisible; a mask no wider than a margin needs no clipping in x.
//!
//! # Invariants
//! 1. `data.len() == 3 * stride * rows.len()`, `stride == MARGIN + width + MARGIN`.
//! 2. Adding saturates, so the order of adding doesn't matter.
//! 3. All positions refer to the whole picture; nothing outside `rows` is drawn.

use std::ops::Range;
use std::slice::ChunksExactMut;

/// Invisible bytes on either side of a row; also the maximum width of a mask for [`Planes::stamp`].
pub(super) const MARGIN: usize = 96;
/// Bytes that the vectorized loops process at a time, the size of a register; widths of masks are multiples of it.
pub(super) const LANES: usize = 16;

/// A colour to multiply with a mask, whose bytes count in 1/64: more than 64 is overexposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tint([u8; 3]);

impl Tint {
    /// No light.
    pub(super) const NONE: Self = Self([0; 3]);

    /// The tint of an `[r, g, b, a]` colour; a little white is mixed in, so that overexposed light turns white.
    pub(super) fn new(color: [u8; 4]) -> Self {
        let [r, g, b, a] = color.map(u32::from);
        Self([r, g, b].map(|c| ((c * 23 + 255) / 24 * a / 255) as u8))
    }

    /// Red, green and blue.
    pub(super) fn bytes(self) -> [u8; 3] {
        self.0
    }
}

/// The light of some rows of a picture.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    data: Vec<u8>,
    width: usize,
    rows: Range<usize>,
}

impl Planes {
    /// Dark `rows` of a picture `width` pixels wide.
    pub(super) fn new(width: usize, rows: Range<usize>) -> Self {
        Self { data: vec![0; 3 * (width + 2 * MARGIN) * rows.len()], width, rows }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    /// The rows of the picture that these planes contain.
    pub(super) fn rows(&self) -> Range<usize> {
        self.rows.clone()
    }

    /// The visible part of row `y` of red, green and blue.
    pub(super) fn row_mut(&mut self, y: usize) -> impl Iterator<Item = &mut [u8]> {
        let visible = MARGIN..MARGIN + self.width;
        self.planes_mut(y).map(move |plane| &mut plane[visible.clone()])
    }

    /// Adds `mask`, whose rows are `width` bytes (a multiple of [`LANES`], at most [`MARGIN`]), with its upper left corner at pixel `(left,
    /// top)`. Parts outside the picture are not drawn.
    pub(super) fn stamp(&mut self, mask: &[u8], width: usize, left: i32, top: i32, tint: Tint) {
        let stride = self.stride();
        let Ok(start) = usize::try_from(left.saturating_add(MARGIN as i32)) else { return };
        if width == 0 || width > MARGIN || start + width > stride {
            return;
        }
        let (rows, skipped) = self.clip(top, mask.len() / width);
        let lines = self.data[rows.start * 3 * stride..rows.end * 3 * stride].chunks_exact_mut(3 * stride);
        for (line, mask) in lines.zip(mask[skipped * width..].chunks_exact(width)) {
            for (plane, &tint) in line.chunks_exact_mut(stride).zip(&tint.0) {
                if tint > 0 {
                    add_row(&mut plane[start..start + width], mask, tint);
                }
            }
        }
    }

    /// Adds one row of a mask at pixel `(left, y)`, with `y` in [`Self::rows`]; it may extend into the right margin.
    pub(super) fn stamp_row(&mut self, mask: &[u8], left: usize, y: usize, tint: Tint) {
        let start = MARGIN + left;
        for (plane, &tint) in self.planes_mut(y).zip(&tint.0) {
            if tint > 0 {
                add_row(&mut plane[start..start + mask.len()], mask, tint);
            }
        }
    }

    /// Adds `lights` (1/64) to the pixels `x` and `x + 1` of row `y`, which is in [`Self::rows`]; `x` may be invisible.
    pub(super) fn stamp_pair(&mut self, x: i32, y: usize, lights: [u8; 2], tint: Tint) {
        let Ok(start) = usize::try_from(x.saturating_add(MARGIN as i32)) else { return };
        for (plane, &tint) in self.planes_mut(y).zip(&tint.0) {
            let Some(pair) = plane.get_mut(start..start + 2) else { return };
            for (byte, light) in pair.iter_mut().zip(lights) {
                *byte = lit(*byte, light, tint);
            }
        }
    }

    fn stride(&self) -> usize {
        self.width + 2 * MARGIN
    }

    /// Row `y` of each colour, with its margins.
    fn planes_mut(&mut self, y: usize) -> ChunksExactMut<'_, u8> {
        let stride = self.stride();
        let start = (y - self.rows.start) * 3 * stride;
        self.data[start..start + 3 * stride].chunks_exact_mut(stride)
    }

    /// The visible ones of `count` rows from `top` on, counted from the first row of these planes, and the number of rows before them.
    fn clip(&self, top: i32, count: usize) -> (Range<usize>, usize) {
        let top = i64::from(top) - self.rows.start as i64;
        let clamp = |y: i64| y.clamp(0, self.rows.len() as i64) as usize;
        let (first, end) = (clamp(top), clamp(top + count as i64));
        (first..end, (first as i64 - top).max(0).min(count as i64) as usize)
    }
}

/// `row[i] += mask[i] * tint / 64`, saturating.
#[inline]
fn add_row(row: &mut [u8], mask: &[u8], tint: u8) {
    let (row, row_rest) = row.as_chunks_mut::<LANES>();
    let (mask, mask_rest) = mask.as_chunks::<LANES>();
    for (row, mask) in row.iter_mut().zip(mask) {
        // By value: the compiler then vectorizes this wherever it is inlined, and need not know that mask and row don't overlap.
        let (old, light) = (*row, *mask);
        *row = std::array::from_fn(|lane| lit(old[lane], light[lane], tint));
    }
    for (byte, &light) in row_rest.iter_mut().zip(mask_rest) {
        *byte = lit(*byte, light, tint);
    }
}

#[inline(always)]
fn lit(byte: u8, light: u8, tint: u8) -> u8 {
    let light = (u16::from(light) * u16::from(tint)) >> 6;
    byte.saturating_add(light.min(255) as u8)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_stamp_is_clipped_at_every_edge() {
        let mask = [64; 16 * 16];
        for left in [-200, -(MARGIN as i32), -17, -8, 0, 5, 30, 39, 40, 200, i32::MAX, i32::MIN] {
            for top in [-200, -16, -15, 0, 5, 29, 30, 200, i32::MAX, i32::MIN] {
                let mut planes = Planes::new(40, 3..30);
                planes.stamp(&mask, 16, left, top, Tint([255, 0, 7]));
                for y in planes.rows() {
                    for (x, &red) in planes.row_mut(y).next().unwrap().iter().enumerate() {
                        let inside = (i64::from(left)..i64::from(left) + 16).contains(&(x as i64))
                            && (i64::from(top)..i64::from(top) + 16).contains(&(y as i64));
                        assert_eq!(red, if inside { 255 } else { 0 }, "({x}, {y}) of a stamp at ({left}, {top})");
                    }
                }
            }
        }
    }

    #[test]
    fn a_pair_is_clipped_at_both_ends() {
        for x in [i32::MIN, -97, -2, -1, 0, 38, 39, 40, 134, 135, 136, i32::MAX] {
            let mut planes = Planes::new(40, 0..1);
            planes.stamp_pair(x, 0, [64, 32], Tint([64; 3]));
            let green = planes.row_mut(0).nth(1).unwrap();
            let sum: u32 = green.iter().map(|&byte| u32::from(byte)).sum();
            let expected = match x {
                -1 => 32,
                39 => 64,
                0 | 38 => 96,
                _ => 0,
            };
            assert_eq!(sum, expected, "at {x}");
        }
    }

    #[test]
    fn light_saturates() {
        assert_eq!(lit(250, 64, 20), 255);
        assert_eq!(lit(0, 255, 255), 255);
        assert_eq!(lit(1, 32, 20), 11);
    }
}

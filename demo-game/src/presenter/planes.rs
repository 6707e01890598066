//! Light as three planes of bytes, red, green and blue: adding a row of a mask is then one vectorized loop per colour.
//!
//! Each row has [`MARGIN`] invisible bytes on either side, so that a mask of up to that width needs no clipping in x.
//!
//! # Invariants
//! 1. `data[c].len() == stride * height`, `stride == MARGIN + width + MARGIN`.
//! 2. Adding saturates, hence the order of adding does not matter.

use std::ops::Range;

/// Invisible bytes on either side of a row; the greatest width of a mask drawn by [`Planes::stamp`].
pub(super) const MARGIN: usize = 96;
/// Bytes that the vectorized loops take at a time; widths of masks are multiples of it.
pub(super) const LANES: usize = 8;

/// A colour to be multiplied with a mask, whose bytes count in 1/64: more than 64 is overexposed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Tint([u8; 3]);

impl Tint {
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

/// A picture's light.
#[derive(Clone, Debug)]
pub(super) struct Planes {
    data: [Vec<u8>; 3],
    width: usize,
    height: usize,
}

impl Planes {
    /// Darkness of `width` × `height` pixels.
    pub(super) fn new(width: usize, height: usize) -> Self {
        let plane = vec![0; (width + 2 * MARGIN) * height];
        Self { data: [plane.clone(), plane.clone(), plane], width, height }
    }

    pub(super) fn width(&self) -> usize {
        self.width
    }

    pub(super) fn height(&self) -> usize {
        self.height
    }

    /// The visible part of row `y` of each plane.
    pub(super) fn row_mut(&mut self, y: usize) -> [&mut [u8]; 3] {
        let start = y * (self.width + 2 * MARGIN) + MARGIN;
        let width = self.width;
        self.data.each_mut().map(|plane| &mut plane[start..start + width])
    }

    /// Makes all dark.
    pub(super) fn clear(&mut self) {
        for plane in &mut self.data {
            plane.fill(0);
        }
    }

    /// Adds `mask`, whose rows are `width` bytes (a multiple of [`LANES`], at most [`MARGIN`]), with its upper left
    /// corner at pixel `(left, top)`. What lies outside the picture is not drawn.
    pub(super) fn stamp(&mut self, mask: &[u8], width: usize, left: i32, top: i32, tint: Tint) {
        let stride = self.width + 2 * MARGIN;
        let Ok(start) = usize::try_from(left.saturating_add(MARGIN as i32)) else { return };
        if width == 0 || width > MARGIN || start + width > stride {
            return;
        }
        let (rows, skipped) = self.rows(top, mask.len() / width);
        let (first, last) = (rows.start * stride, rows.end * stride);
        let mask = &mask[skipped * width..];
        for (plane, tint) in self.data.iter_mut().zip(tint.0) {
            if tint == 0 {
                continue;
            }
            let rows = plane[first..last].chunks_exact_mut(stride);
            for (row, mask) in rows.zip(mask.chunks_exact(width)) {
                add_row(&mut row[start..start + width], mask, tint);
            }
        }
    }

    /// Adds one row of a mask at pixel `(left, y)`, which must be visible entirely.
    pub(super) fn stamp_row(&mut self, mask: &[u8], left: usize, y: usize, tint: Tint) {
        for (row, tint) in self.row_mut(y).into_iter().zip(tint.0) {
            add_row(&mut row[left..left + mask.len()], mask, tint);
        }
    }

    /// Adds `light` (1/64) to one pixel, if it is visible.
    pub(super) fn stamp_pixel(&mut self, x: i32, y: i32, light: u8, tint: Tint) {
        let (Ok(x), Ok(y)) = (usize::try_from(x), usize::try_from(y)) else { return };
        if x >= self.width || y >= self.height {
            return;
        }
        let at = y * (self.width + 2 * MARGIN) + MARGIN + x;
        for (plane, tint) in self.data.iter_mut().zip(tint.0) {
            plane[at] = lit(plane[at], light, tint);
        }
    }

    /// The visible ones of `count` rows from `top` on, and how many invisible ones come before them.
    fn rows(&self, top: i32, count: usize) -> (Range<usize>, usize) {
        let clamp = |y: i64| y.clamp(0, self.height as i64) as usize;
        let (first, end) = (clamp(i64::from(top)), clamp(i64::from(top) + count as i64));
        (first..end, (first as i64 - i64::from(top)).max(0).min(count as i64) as usize)
    }
}

/// `row[i] += mask[i] * tint / 64`, saturating.
#[inline]
fn add_row(row: &mut [u8], mask: &[u8], tint: u8) {
    let (row, row_rest) = row.as_chunks_mut::<LANES>();
    let (mask, mask_rest) = mask.as_chunks::<LANES>();
    for (row, mask) in row.iter_mut().zip(mask) {
        for (byte, &light) in row.iter_mut().zip(mask) {
            *byte = lit(*byte, light, tint);
        }
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
                let mut planes = Planes::new(40, 30);
                planes.stamp(&mask, 16, left, top, Tint([255, 0, 7]));
                for y in 0..30 {
                    for (x, &red) in planes.row_mut(y)[0].iter().enumerate() {
                        let inside = (i64::from(left)..i64::from(left) + 16).contains(&(x as i64))
                            && (i64::from(top)..i64::from(top) + 16).contains(&(y as i64));
                        assert_eq!(red, if inside { 255 } else { 0 }, "({x}, {y}) of a stamp at ({left}, {top})");
                    }
                }
            }
        }
    }

    #[test]
    fn light_saturates() {
        assert_eq!(lit(250, 64, 20), 255);
        assert_eq!(lit(0, 255, 255), 255);
        assert_eq!(lit(1, 32, 20), 11);
    }
}

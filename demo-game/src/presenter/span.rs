//! Light that is computed row by row instead of copied: turned and scaled originals, beams, rings.
//!
//! Each function visits only the visible part of the rows that its figure touches, so its cost is bounded by the picture's area, whatever
//! the figure's size. All lengths are finite and in pixels. A pixel's light depends only on its position in the picture, not on the rows
//! that the planes contain.

use super::atlas::Original;
use super::planes::{LANES, Planes, Tint};

/// Light of a beam at its middle, in 1/64.
const CORE: f32 = 92.0;
/// Light of a beam's halo at its middle, in 1/64.
const HALO: f32 = 38.0;

/// One row's mask, as long as the picture is wide.
#[derive(Debug)]
pub(super) struct Scratch(Vec<u8>);

impl Scratch {
    /// For pictures of this width in pixels.
    pub(super) fn new(width: usize) -> Self {
        Self(vec![0; width + LANES])
    }

    /// Fills `from .. to`, clipped, of row `y` with `light(x)` and adds it. Fills up to [`LANES`] more pixels, which saves the vectorized
    /// loops a remainder; these must have no light or lie beyond the picture.
    #[inline(always)]
    fn row(&mut self, planes: &mut Planes, y: usize, [from, to]: [f32; 2], tint: Tint, light: impl Fn(f32) -> u8) {
        let (from, to) = (clip(from, planes.width()), clip(to + 1.0, planes.width()));
        if from >= to {
            return;
        }
        let to = from + (to - from).next_multiple_of(LANES);
        let mask = &mut self.0[from..to];
        for (index, byte) in mask.iter_mut().enumerate() {
            *byte = light((from as i32 + index as i32) as f32 + 0.5);
        }
        planes.stamp_row(mask, from, y, tint);
    }
}

/// Draws `original` so that its body has a diameter of `body`, turned by `angle` (counter-clockwise).
pub(super) fn sprite(
    planes: &mut Planes,
    scratch: &mut Scratch,
    original: &Original,
    center: [f32; 2],
    body: f32,
    angle: f32,
    tint: Tint,
) {
    let side = original.mask.side;
    let scale = body / original.body;
    // Light ends one pixel inside the mask: the four samples of every pixel of this circle lie within the mask.
    let radius = (side as f32 / 2.0 - 1.0) * scale;
    let (sin, cos) = angle.sin_cos();
    let (sin, cos) = (sin / scale, cos / scale);
    let middle = side as f32 / 2.0 - 0.5;
    for y in rows(planes, center[1] - radius, center[1] + radius) {
        let dy = y as f32 + 0.5 - center[1];
        let half = (radius * radius - dy * dy).max(0.0).sqrt();
        scratch.row(planes, y, [center[0] - half, center[0] + half], tint, |x| {
            let dx = x - center[0];
            let (u, v) = (middle + dx * cos - dy * sin, middle + dx * sin + dy * cos);
            sample(&original.mask.light, side, u, v)
        });
    }
}

/// Draws a segment with round ends; its strength grows from `strength` (`0.0 ..= 1.0`) at `start` to one at `end`.
pub(super) fn beam(
    planes: &mut Planes,
    scratch: &mut Scratch,
    start: [f32; 2],
    end: [f32; 2],
    width: f32,
    strength: f32,
    tint: Tint,
) {
    let (half, reach) = (width / 2.0, reach(width));
    let along = [end[0] - start[0], end[1] - start[1]];
    let length = along[0].hypot(along[1]).max(1e-3);
    let (growth, fall) = ((1.0 - strength) / length, 1.0 / reach);
    let [ux, uy] = along.map(|part| part / length);
    let (left, right) = (start[0].min(end[0]) - reach, start[0].max(end[0]) + reach);
    for y in rows(planes, start[1].min(end[1]) - reach, start[1].max(end[1]) + reach) {
        let dy = y as f32 + 0.5 - start[1];
        // The strip |dx * uy - dy * ux| <= reach around the line.
        let [from, to] = if uy.abs() > 1e-3 {
            let (middle, away) = (start[0] + dy * ux / uy, (reach / uy).abs());
            [(middle - away).max(left), (middle + away).min(right)]
        } else {
            [left, right]
        };
        scratch.row(planes, y, [from, to], tint, |x| {
            let dx = x - start[0];
            let at = (dx * ux + dy * uy).max(0.0).min(length);
            let (ex, ey) = (dx - at * ux, dy - at * uy);
            byte(profile((ex * ex + ey * ey).sqrt(), half, fall) * (strength + growth * at))
        });
    }
}

/// Draws a circle.
pub(super) fn ring(planes: &mut Planes, scratch: &mut Scratch, center: [f32; 2], radius: f32, width: f32, tint: Tint) {
    let (half, reach) = (width / 2.0, reach(width));
    let (outer, inner, fall) = (radius + reach, (radius - reach).max(0.0), 1.0 / reach);
    for y in rows(planes, center[1] - outer, center[1] + outer) {
        let dy = y as f32 + 0.5 - center[1];
        let chord = |radius: f32| (radius * radius - dy * dy).max(0.0).sqrt();
        let (far, near) = (chord(outer), chord(inner).floor());
        let light = |x: f32| {
            let dx = x - center[0];
            byte(profile(((dx * dx + dy * dy).sqrt() - radius).abs(), half, fall))
        };
        if near < LANES as f32 {
            scratch.row(planes, y, [center[0] - far, center[0] + far], tint, light);
        } else {
            // The gap is wide enough that no pixel is drawn twice.
            scratch.row(planes, y, [center[0] - far, center[0] - near], tint, light);
            scratch.row(planes, y, [center[0] + near, center[0] + far], tint, light);
        }
    }
}

/// Distance from its middle up to which a beam of this width shines.
pub(super) fn reach(width: f32) -> f32 {
    width * 1.6 + 6.0
}

/// The light at a `distance` from the middle of a beam `2 * half` wide that loses `fall` of its halo per pixel.
#[inline(always)]
fn profile(distance: f32, half: f32, fall: f32) -> f32 {
    let core = (half + 0.5 - distance).clamp(0.0, 1.0);
    let near = (1.0 - distance * fall).max(0.0);
    core * CORE + near * near * HALO
}

/// The nearest byte to a number in `0.0 ..= 255.0`, by the layout of `f32`: unlike `as u8`, this vectorizes.
#[inline(always)]
fn byte(light: f32) -> u8 {
    const UNITS_IN_LOW_BITS: f32 = 8_388_608.0;
    (light.clamp(0.0, 255.0) + UNITS_IN_LOW_BITS).to_bits() as u8
}

/// The rows of `planes` between two heights.
fn rows(planes: &Planes, top: f32, bottom: f32) -> std::ops::Range<usize> {
    let rows = planes.rows();
    clip(top, rows.end).max(rows.start)..clip(bottom.ceil(), rows.end)
}

fn clip(at: f32, end: usize) -> usize {
    // Saturates: below zero and NaN become zero.
    (at as usize).min(end)
}

/// The light interpolated between four neighbours.
#[inline(always)]
fn sample(light: &[u8], side: usize, u: f32, v: f32) -> u8 {
    let max = side as i32 - 2;
    let (u, v) = ((u * 256.0) as i32, (v * 256.0) as i32);
    let (x, y) = ((u >> 8).clamp(0, max) as usize, (v >> 8).clamp(0, max) as usize);
    let (fu, fv) = ((u & 255) as u32, (v & 255) as u32);
    let at = y * side + x;
    let Some(&[a, b]) = light[at..].first_chunk() else { return 0 };
    let Some(&[c, d]) = light[at + side..].first_chunk() else { return 0 };
    let [a, b, c, d] = [a, b, c, d].map(u32::from);
    let (upper, lower) = (a * (256 - fu) + b * fu, c * (256 - fu) + d * fu);
    ((upper * (256 - fv) + lower * fv) >> 16) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_round_and_saturate() {
        assert_eq!([-1.0, 0.4, 0.6, 254.6, 300.0, f32::NAN].map(byte), [0, 0, 1, 255, 255, 0]);
    }

    #[test]
    fn a_beam_lies_between_its_ends_and_a_ring_on_its_circle() {
        let tint = Tint::new([255, 255, 255, 255]);
        let (mut planes, mut scratch) = (Planes::new(200, 0..100), Scratch::new(200));
        beam(&mut planes, &mut scratch, [50.0, 50.0], [150.0, 50.0], 2.0, 1.0, tint);
        assert_eq!(planes.row_mut(50).next().unwrap()[100], 255);
        assert_eq!(planes.row_mut(50).next().unwrap()[20], 0);
        assert_eq!(planes.row_mut(80).next().unwrap()[100], 0);
        let mut planes = Planes::new(200, 0..100);
        ring(&mut planes, &mut scratch, [100.0, 50.0], 40.0, 2.0, tint);
        assert_eq!(planes.row_mut(50).next().unwrap()[60], 255);
        assert_eq!(planes.row_mut(50).next().unwrap()[140], 255);
        assert_eq!(planes.row_mut(50).next().unwrap()[100], 0);
        assert_eq!(planes.row_mut(10).next().unwrap()[100], 255);
    }
}

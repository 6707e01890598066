//! Thin anti-aliased lines for the backdrop's grid: light one pixel wide, shared between two neighbours.

use super::planes::{LANES, Planes, Tint};

/// One pixel, in 1/65536.
const ONE: f32 = 65_536.0;
/// Maximum number of pixels of a flat line that are added at a time.
const RUN: usize = 2 * LANES;

/// A line between two pixel positions, finite and within ±32768.
#[derive(Clone, Copy, Debug)]
pub(super) struct Hairline {
    pub(super) start: [f32; 2],
    /// The last pixel belongs to the next line.
    pub(super) end: [f32; 2],
    /// In 1/64.
    pub(super) light: u8,
}

/// A line as steps of one pixel in its longer direction.
struct Steps {
    first: i32,
    end: i32,
    /// Position across that direction at the first step, in 1/65536.
    at: i32,
    /// Change across that direction with each step, in 1/65536.
    slope: i32,
}

impl Hairline {
    /// The rows that it touches.
    pub(super) fn heights(&self) -> [f32; 2] {
        let [a, b] = [self.start[1], self.end[1]];
        [a.min(b) - 1.0, a.max(b) + 2.0]
    }

    /// Adds the line. At an integer position it fills one pixel's width, not two halves.
    pub(super) fn draw(&self, planes: &mut Planes, tint: Tint) {
        let steep = (self.end[1] - self.start[1]).abs() > (self.end[0] - self.start[0]).abs();
        if steep {
            self.draw_steep(planes, tint);
        } else {
            self.draw_flat(planes, tint);
        }
    }

    /// Draws one pair of pixels in each row.
    fn draw_steep(&self, planes: &mut Planes, tint: Tint) {
        let rows = planes.rows();
        let Steps { first, end, at, slope } = self.steps([1, 0], rows.end);
        for y in rows.start.max(first as usize)..end as usize {
            let at = at.wrapping_add(slope.wrapping_mul(y as i32 - first));
            let shared = self.shared(at);
            planes.stamp_pair(at >> 16, y, [self.light - shared, shared], tint);
        }
    }

    /// Draws two rows of pixels at a time while the line stays between them.
    fn draw_flat(&self, planes: &mut Planes, tint: Tint) {
        let rows = planes.rows();
        let Steps { mut first, end, mut at, slope } = self.steps([0, 1], planes.width());
        while first < end {
            let upper = at >> 16;
            let mut lights = [[0; RUN]; 2];
            let mut count = 0;
            while count < RUN && first + (count as i32) < end && at >> 16 == upper {
                let shared = self.shared(at);
                (lights[0][count], lights[1][count]) = (self.light - shared, shared);
                count += 1;
                at = at.wrapping_add(slope);
            }
            for (y, lights) in [upper, upper.saturating_add(1)].into_iter().zip(lights) {
                let row = usize::try_from(y).ok().filter(|y| rows.contains(y));
                if let Some(y) = row {
                    planes.stamp_row(&lights[..count.next_multiple_of(LANES)], first as usize, y, tint);
                }
            }
            first += count as i32;
        }
    }

    /// The steps along axis `along` from 0 to `limit`.
    fn steps(&self, [along, across]: [usize; 2], limit: usize) -> Steps {
        let (start, end) = (self.start, self.end);
        let (start, end) = if start[along] <= end[along] { (start, end) } else { (end, start) };
        let (first, last) = (start[along].round().max(0.0), end[along].round().min(limit as f32));
        let slope = (end[across] - start[across]) / (end[along] - start[along]).max(1e-3);
        let at = (start[across] + (first - start[along]) * slope) * ONE;
        Steps { first: first as i32, end: last.max(0.0) as i32, at: at as i32, slope: (slope * ONE) as i32 }
    }

    /// The part of the light that goes to the second of two neighbours.
    fn shared(&self, at: i32) -> u8 {
        ((u32::from(self.light) * (at as u32 >> 8 & 255)) >> 8) as u8
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_same_light_in_every_column() {
        let mut planes = Planes::new(64, 0..32);
        let line = Hairline { start: [50.0, 20.0], end: [10.0, 8.0], light: 64 };
        line.draw(&mut planes, Tint::new([255; 4]));
        for x in 0..64 {
            let sum: u32 = (0..32).map(|y| u32::from(planes.row_mut(y).nth(1).unwrap()[x])).sum();
            let expected = if (10..50).contains(&x) { 250..=255 } else { 0..=0 };
            assert!(expected.contains(&sum), "column {x} has {sum}");
        }
    }

    #[test]
    fn lines_outside_the_picture_draw_nothing() {
        let mut planes = Planes::new(16, 0..16);
        for far in [-1e4, 1e4] {
            for end in [[far, -far], [-far, far]] {
                Hairline { start: [far, far], end, light: 64 }.draw(&mut planes, Tint::new([255; 4]));
            }
        }
        assert!((0..16).all(|y| planes.row_mut(y).flatten().all(|byte| *byte == 0)));
    }
}

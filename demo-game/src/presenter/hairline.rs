//! Thin anti-aliased lines, for the backdrop's grid: light of one pixel's width, shared between two neighbours.

use super::planes::{Planes, Tint};

/// Fractions of a pixel are counted in 1/65536.
const ONE: f32 = 65_536.0;

/// Adds a line between two pixel positions, finite and within ±16384; `light` in 1/64. The last pixel belongs to the
/// next line. A line at a whole position fills one pixel's width and not two halves.
pub(super) fn draw(planes: &mut Planes, start: [f32; 2], end: [f32; 2], light: u8, tint: Tint) {
    let steep = (end[1] - start[1]).abs() > (end[0] - start[0]).abs();
    // `along` counts whole pixels of the longer direction, `across` is exact.
    let [along, across] = if steep { [1, 0] } else { [0, 1] };
    let (start, end) = if start[along] <= end[along] { (start, end) } else { (end, start) };
    let limit = if steep { planes.height() } else { planes.width() } as f32;
    let (first, last) = (start[along].round().max(0.0), end[along].round().min(limit));
    let slope = (end[across] - start[across]) / (end[along] - start[along]).max(1e-3);
    let mut at = ((start[across] + (first - start[along]) * slope) * ONE) as i32;
    let slope = (slope * ONE) as i32;
    for step in first as i32..last as i32 {
        let near = at >> 16;
        let shared = ((u32::from(light) * (at as u32 >> 8 & 255)) >> 8) as u8;
        let [a, b] = if steep { [(near, step), (near + 1, step)] } else { [(step, near), (step, near + 1)] };
        planes.stamp_pixel(a.0, a.1, light - shared, tint);
        if shared > 0 {
            planes.stamp_pixel(b.0, b.1, shared, tint);
        }
        at = at.wrapping_add(slope);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_has_the_same_light_in_every_column() {
        let mut planes = Planes::new(64, 32);
        draw(&mut planes, [50.0, 20.0], [10.0, 8.0], 64, Tint::new([255; 4]));
        for x in 0..64 {
            let sum: u32 = (0..32).map(|y| u32::from(planes.row_mut(y)[1][x])).sum();
            let expected = if (10..50).contains(&x) { 250..=255 } else { 0..=0 };
            assert!(expected.contains(&sum), "column {x} has {sum}");
        }
    }

    #[test]
    fn lines_outside_the_picture_draw_nothing() {
        let mut planes = Planes::new(16, 16);
        for far in [-1e4, 1e4] {
            draw(&mut planes, [far, far], [far, -far], 64, Tint::new([255; 4]));
            draw(&mut planes, [far, far], [-far, far], 64, Tint::new([255; 4]));
        }
        assert!((0..16).all(|y| planes.row_mut(y)[0].iter().all(|&byte| byte == 0)));
    }
}

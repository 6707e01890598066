//! A sprite's light: an anti-aliased shape with its halo, as bytes in 1/64 (64 is the plain colour, more is hotter).
//!
//! Rendered only at start: tiny-skia rasterizes the paths, and the halo is their blur.

use game_types::draw::Shape;
use tiny_skia::{Color, FillRule, LineJoin, Paint, Pixmap, Stroke, Transform};

use super::outline::{outline, path};

/// Light of a line at its middle, in 1/64.
const LINE: f32 = 96.0;
/// Light of the halo where lines are dense, in 1/64.
const HALO: f32 = 62.0;

/// The sides of masks are multiples of this.
const SIDE_STEP: usize = 8;

/// A square picture of light.
#[derive(Clone, Debug)]
pub(super) struct Mask {
    /// Length of a side in pixels; a multiple of [`SIDE_STEP`].
    pub(super) side: usize,
    /// `side * side` bytes, row by row.
    pub(super) light: Vec<u8>,
}

/// Width in pixels of the halo around a body of `body` pixels.
pub(super) fn halo_width(body: f32) -> f32 {
    4.7 + body * 0.18
}

/// Side of the mask of a body of this diameter.
pub(super) fn side(body: f32) -> usize {
    let side = (body + 2.0 * halo_width(body)).ceil() as usize;
    side.next_multiple_of(SIDE_STEP)
}

impl Mask {
    /// The light of `shape` with a diameter of `body` pixels at `angle` (radians, counter-clockwise), once for each of `offsets`. An offset
    /// tells how many pixels right of and below the middle of the mask the shape's centre lies, within a pixel.
    pub(super) fn render<const N: usize>(shape: Shape, body: f32, angle: f32, offsets: [[f32; 2]; N]) -> [Self; N] {
        let side = side(body);
        let centers = offsets.map(|offset| offset.map(|offset| side as f32 / 2.0 + offset));
        let lights = match shape {
            Shape::Particle | Shape::Halo | Shape::Glow => centers.map(|center| gradient(shape, body, side, center)),
            _ => drawn(shape, body, angle, side, centers),
        };
        lights.map(|mut light| {
            fade_edge(&mut light, side);
            Self { side, light: light.into_iter().map(|light| light.min(255.0) as u8).collect() }
        })
    }
}

fn gradient(shape: Shape, body: f32, side: usize, center: [f32; 2]) -> Vec<f32> {
    let (radius, reach) = (body / 2.0, body / 2.0 + halo_width(body));
    each_pixel(side, center, |distance| {
        let near = (1.0 - distance / reach).max(0.0);
        match shape {
            Shape::Particle => {
                let disc = (radius * 0.6 + 0.5 - distance).clamp(0.0, 1.0);
                disc * 110.0 + near.powi(3) * 48.0
            }
            Shape::Halo => {
                let width = 0.8 + radius * 0.05;
                let away = (distance - radius * 0.9).abs();
                let ring = (width + 0.5 - away).clamp(0.0, 1.0);
                ring * 80.0 + (1.0 - away / (reach - radius)).max(0.0).powi(2) * 40.0
            }
            _ => {
                let near = (1.0 - distance / (radius * 1.3)).max(0.0);
                near * near * (3.0 - 2.0 * near) * 60.0
            }
        }
    })
}

/// Draws lines, their inside, and a halo. The halo is blurred once for all centers: it has no detail that would show a fraction.
fn drawn<const N: usize>(shape: Shape, body: f32, angle: f32, side: usize, centers: [[f32; 2]; N]) -> [Vec<f32>; N] {
    let pixmap = Pixmap::new(side as u32, side as u32);
    let (Some(style), Some(path), Some(mut pixmap)) = (outline(shape), path(shape), pixmap) else {
        return centers.map(|_| vec![0.0; side * side]);
    };
    let radius = body / 2.0;
    let stroke = Stroke { width: (1.0 + body * 0.02) / radius, line_join: LineJoin::Round, ..Stroke::default() };
    let (mut inside, mut line) = (Paint::default(), Paint::default());
    inside.set_color(Color::from_rgba(1.0, 1.0, 1.0, (style.fill / LINE).min(1.0)).unwrap_or(Color::WHITE));
    line.set_color(Color::WHITE);
    // The path's y is up, the picture's down.
    let turned = Transform::from_rotate(angle.to_degrees()).post_scale(radius, -radius);
    let mut coverages = centers.map(|[x, y]| {
        let place = turned.post_translate(x, y);
        pixmap.fill(Color::TRANSPARENT);
        pixmap.fill_path(&path, &inside, FillRule::Winding, place, None);
        pixmap.stroke_path(&path, &line, &stroke, place, None);
        pixmap.pixels().iter().map(|pixel| f32::from(pixel.alpha()) / 255.0).collect::<Vec<f32>>()
    });
    let Some(mut halo) = coverages.first().cloned() else { return coverages };
    let blur = halo_width(body) * 0.30;
    blurred(&mut halo, side, blur);
    let gain = HALO * style.halo * (0.6 + blur * 0.45);
    for coverage in &mut coverages {
        for (light, halo) in coverage.iter_mut().zip(&halo) {
            *light = *light * LINE * style.line + halo * gain;
        }
    }
    coverages
}

/// Fades out all light outside the circle that fits into the mask.
fn fade_edge(light: &mut [f32], side: usize) {
    let middle = side as f32 / 2.0;
    for (y, row) in light.chunks_exact_mut(side).enumerate() {
        let dy = y as f32 + 0.5 - middle;
        for (x, light) in row.iter_mut().enumerate() {
            let dx = x as f32 + 0.5 - middle;
            *light *= ((middle - 1.0 - (dx * dx + dy * dy).sqrt()) / 3.0).clamp(0.0, 1.0);
        }
    }
}

fn each_pixel(side: usize, center: [f32; 2], light: impl Fn(f32) -> f32) -> Vec<f32> {
    let places = (0..side * side).map(|at| [(at % side) as f32 + 0.5, (at / side) as f32 + 0.5]);
    places.map(|[x, y]| light((x - center[0]).hypot(y - center[1]))).collect()
}

/// Applies three box blurs in each direction, close to a Gaussian with this standard deviation in pixels.
fn blurred(light: &mut [f32], side: usize, deviation: f32) {
    // Three boxes of width w have variance 3 (w² - 1) / 12.
    let width = (4.0 * deviation * deviation + 1.0).sqrt();
    let radius = ((width - 1.0) / 2.0).round().max(1.0) as usize;
    let mut other = vec![0.0; light.len()];
    for _ in 0..3 {
        // Called twice, because blurring transposes the picture.
        box_blur(light, &mut other, side, radius);
        box_blur(&other, light, side, radius);
    }
}

fn box_blur(from: &[f32], to: &mut [f32], side: usize, radius: usize) {
    let weight = 1.0 / (2 * radius + 1) as f32;
    for (y, row) in from.chunks_exact(side).enumerate() {
        let mut sum: f32 = row[..radius.min(side)].iter().sum();
        for x in 0..side {
            sum += row.get(x + radius).copied().unwrap_or(0.0);
            to[x * side + y] = sum * weight;
            sum -= x.checked_sub(radius).map_or(0.0, |gone| row[gone]);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_shape_is_bright_inside_and_dark_at_the_edge() {
        for shape in Shape::ALL {
            let [mask] = Mask::render(shape, 24.0, 0.7, [[0.25, -0.25]]);
            let side = mask.side;
            assert!(mask.light.iter().any(|&light| light > 40), "{shape:?}");
            let edge = (0..side).flat_map(|i| [i, i * side, i * side + side - 1, (side - 1) * side + i]);
            assert!(edge.into_iter().all(|at| mask.light[at] == 0), "{shape:?}");
        }
    }

    #[test]
    fn a_blur_keeps_the_sum_of_light() {
        let mut light = vec![0.0; 64 * 64];
        light[32 * 64 + 32] = 1.0;
        blurred(&mut light, 64, 3.0);
        assert!((light.iter().sum::<f32>() - 1.0).abs() < 1e-3);
        assert!(light[32 * 64 + 32] < 0.03);
    }
}

//! Every shape's light, made once: at all the sizes, angles and pixel fractions that swarms need.
//!
//! Small bodies come from *sheets*: one mask for each of up to 64 angles and four quarters of a pixel, copied as they
//! are. Big ones, and the ship, which everybody watches, come from *originals*, turned and scaled when drawn.

use std::f32::consts::TAU;

use game_types::draw::Shape;

use super::mask::Mask;
use super::outline::outline;

/// Directions in a full turn that a shape without symmetry is rendered for.
const DIRECTIONS: u16 = 64;
/// Diameters in pixels of the sheets of shapes with an outline.
const BODIES: &[f32] = &[8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 24.0, 28.0, 32.0, 40.0];
/// Diameters in pixels of the sheets of round shapes.
const ROUND_BODIES: &[f32] =
    &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 24.0, 28.0, 32.0, 40.0];
/// Diameters in pixels of the originals.
const ORIGINALS: &[f32] = &[20.0, 28.0, 40.0, 64.0, 128.0, 224.0];
/// Quarters of a pixel, the offsets of the centre of each.
const QUARTERS: [[f32; 2]; 4] = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];
/// Bodies up to this many pixels come from sheets.
const SHEET_BODY_MAX: usize = 42;

/// A ready mask and where to put it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cut<'a> {
    /// `side * side` bytes.
    pub(super) light: &'a [u8],
    /// Pixels.
    pub(super) side: usize,
    /// Leftmost pixel.
    pub(super) left: i32,
    /// Uppermost pixel.
    pub(super) top: i32,
}

/// A mask at angle zero, to be turned and scaled.
#[derive(Debug)]
pub(super) struct Original {
    /// Diameter in pixels of the body within the mask.
    pub(super) body: f32,
    /// The light.
    pub(super) mask: Mask,
}

/// Masks of one shape and size: for each angle, the four quarters.
#[derive(Debug)]
struct Sheet {
    side: usize,
    light: Vec<u8>,
}

/// All masks of one shape.
#[derive(Debug, Default)]
struct Series {
    /// Angles of each sheet; the first is zero.
    angles: u16,
    angles_per_radian: f32,
    sheets: Vec<Sheet>,
    /// The index in `sheets` for each body, rounded to pixels; empty when the shape has no sheets.
    by_body: Vec<u8>,
    originals: Vec<Original>,
}

/// The light of all shapes.
#[derive(Debug)]
pub(super) struct Atlas {
    series: [Series; Shape::COUNT],
}

impl Atlas {
    /// Renders everything, each shape on one of two threads; takes some tenths of a second.
    pub(super) fn render() -> Self {
        let mut series = Shape::ALL.map(|_| Series::default());
        let (even, odd) = (0..Shape::COUNT).partition::<Vec<_>, _>(|index| index % 2 == 0);
        let render = |indices: Vec<usize>| -> Vec<(usize, Series)> {
            indices.into_iter().map(|index| (index, Series::render(Shape::ALL[index]))).collect()
        };
        let rendered = std::thread::scope(|scope| {
            let other = scope.spawn(|| render(odd.clone()));
            let mut rendered = render(even);
            // A thread that panicked is made up for here, where the panic has a caller.
            rendered.extend(other.join().unwrap_or_else(|_| render(odd.clone())));
            rendered
        });
        for (index, rendered) in rendered {
            series[index] = rendered;
        }
        Self { series }
    }

    /// The mask of a `shape` of `body` pixels at `angle`, centred at pixel `center`; `None` when it has to be made from
    /// the [original](Self::original).
    pub(super) fn cut(&self, shape: Shape, body: f32, angle: f32, center: [f32; 2]) -> Option<Cut<'_>> {
        let series = &self.series[shape as usize];
        let sheet = &series.sheets[usize::from(*series.by_body.get((body + 0.5) as usize)?)];
        let turn = floor(angle * series.angles_per_radian + 0.5);
        let angle = turn.rem_euclid(i32::from(series.angles)) as usize;
        let [x, y] = center.map(floor);
        let quarter = usize::from(center[0] - x as f32 >= 0.5) + 2 * usize::from(center[1] - y as f32 >= 0.5);
        let (side, area) = (sheet.side, sheet.side * sheet.side);
        let start = (angle * QUARTERS.len() + quarter) * area;
        let half = side as i32 / 2;
        Some(Cut { light: &sheet.light[start..start + area], side, left: x - half, top: y - half })
    }

    /// The smallest original that is not smaller than `body` pixels, or the biggest.
    pub(super) fn original(&self, shape: Shape, body: f32) -> &Original {
        let originals = &self.series[shape as usize].originals;
        originals.iter().find(|original| original.body >= body).unwrap_or(&originals[originals.len() - 1])
    }

    /// Bytes of all masks.
    pub(super) fn bytes(&self) -> usize {
        let sheets = self.series.iter().flat_map(|series| &series.sheets).map(|sheet| sheet.light.len());
        let originals = self.series.iter().flat_map(|series| &series.originals);
        sheets.chain(originals.map(|original| original.mask.light.len())).sum()
    }
}

impl Series {
    fn render(shape: Shape) -> Self {
        let symmetry = outline(shape).map(|outline| outline.symmetry);
        let (bodies, angles) = match (shape, symmetry) {
            (Shape::Ship, _) => (&[][..], 1),
            (_, Some(symmetry)) => (BODIES, DIRECTIONS.div_ceil(symmetry)),
            (_, None) => (ROUND_BODIES, 1),
        };
        let symmetry = symmetry.unwrap_or(1);
        let step = TAU / f32::from(symmetry) / f32::from(angles);
        let sheet = |&body: &f32| {
            let masks = (0..angles).flat_map(|angle| Mask::render(shape, body, f32::from(angle) * step, QUARTERS));
            let light = masks.flat_map(|mask| mask.light).collect();
            Sheet { side: super::mask::side(body), light }
        };
        let original = |&body: &f32| {
            let [mask] = Mask::render(shape, body, 0.0, [[0.0, 0.0]]);
            Original { body, mask }
        };
        let covered = if bodies.is_empty() { 0 } else { SHEET_BODY_MAX + 1 };
        Self {
            angles,
            angles_per_radian: 1.0 / step,
            sheets: bodies.iter().map(sheet).collect(),
            by_body: (0..covered).map(|body| nearest(bodies, body as f32)).collect(),
            originals: ORIGINALS.iter().map(original).collect(),
        }
    }
}

/// The greatest whole number not above `at`, saturating; `f32::floor` is a library call on plain x86-64.
fn floor(at: f32) -> i32 {
    let whole = at as i32;
    if whole as f32 > at { whole.saturating_sub(1) } else { whole }
}

/// Index of the nearest of `bodies` to `body`.
fn nearest(bodies: &[f32], body: f32) -> u8 {
    let away = |index: &usize| (bodies[*index] - body).abs();
    (0..bodies.len()).min_by(|a, b| away(a).total_cmp(&away(b))).unwrap_or(0) as u8
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn symmetry_is_exact_enough_to_share_masks() {
        for shape in Shape::ALL {
            let Some(symmetry) = outline(shape).map(|outline| f32::from(outline.symmetry)) else { continue };
            let [once] = Mask::render(shape, 32.0, 0.4, [[0.25, 0.25]]);
            let [turned] = Mask::render(shape, 32.0, 0.4 + TAU / symmetry, [[0.25, 0.25]]);
            assert!(once.light.iter().zip(&turned.light).all(|(a, b)| a.abs_diff(*b) <= 8), "{shape:?}");
        }
    }

    #[test]
    fn a_body_finds_the_nearest_sheet() {
        assert_eq!(nearest(BODIES, 0.0), 0);
        assert_eq!(BODIES[usize::from(nearest(BODIES, 25.0))], 24.0);
        assert_eq!(BODIES[usize::from(nearest(BODIES, 99.0))], 40.0);
    }
}

//! Masks of all shapes, rendered once at all the sizes, angles and pixel fractions that swarms need.
//!
//! Small bodies come from *sheets*: one cut for each of up to 64 angles and four quarters of a pixel, copied unchanged. Big ones, and the
//! ship because everybody watches it, come from *originals*, which are turned and scaled when drawn.

use std::f32::consts::TAU;
use std::ops::Range;

use game_types::draw::Shape;

use super::mask::Mask;
use super::outline::outline;
use super::planes::LANES;

/// Number of directions for which a shape without symmetry is rendered.
const DIRECTIONS: u16 = 64;
/// Diameters in pixels of the sheets of shapes with an outline.
const BODIES: &[f32] = &[8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 24.0, 28.0, 32.0, 40.0];
/// Diameters in pixels of the sheets of round shapes.
const ROUND_BODIES: &[f32] =
    &[2.0, 3.0, 4.0, 5.0, 6.0, 7.0, 8.0, 10.0, 12.0, 14.0, 16.0, 18.0, 20.0, 24.0, 28.0, 32.0, 40.0];
/// Diameters in pixels of the originals.
const ORIGINALS: &[f32] = &[20.0, 28.0, 40.0, 64.0, 128.0, 224.0];
/// The centre's offset for each quarter of a pixel.
const QUARTERS: [[f32; 2]; 4] = [[0.25, 0.25], [0.75, 0.25], [0.25, 0.75], [0.75, 0.75]];
/// Largest body, in pixels, that comes from sheets.
const SHEET_BODY_MAX: usize = 42;

/// A ready mask without its dark rim, and its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Cut {
    /// Start of its light in the shape's light.
    start: u32,
    shape: Shape,
    /// Pixels in a row; at most [`MARGIN`](super::planes::MARGIN).
    pub(super) width: u8,
    /// Number of rows.
    pub(super) height: u8,
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

/// All masks of one shape.
#[derive(Debug, Default)]
struct Series {
    /// Number of angles in each sheet; the first is zero.
    angles: u16,
    angles_per_radian: f32,
    /// The four quarters for each size and angle, positioned around pixel `(0, 0)`.
    cuts: Vec<Cut>,
    /// The light of all cuts.
    light: Vec<u8>,
    /// Index of the sheet for each body, rounded to pixels; empty if the shape has no sheets.
    by_body: Vec<u8>,
    originals: Vec<Original>,
}

/// The masks of all shapes.
#[derive(Debug)]
pub(super) struct Atlas {
    series: [Series; Shape::COUNT],
}

impl Atlas {
    /// Renders everything, with each shape on one of two threads; takes some tenths of a second.
    pub(super) fn render() -> Self {
        let mut series = Shape::ALL.map(|_| Series::default());
        let (even, odd) = (0..Shape::COUNT).partition::<Vec<_>, _>(|index| index % 2 == 0);
        let render = |indices: Vec<usize>| -> Vec<(usize, Series)> {
            indices.into_iter().map(|index| (index, Series::render(Shape::ALL[index]))).collect()
        };
        let rendered = std::thread::scope(|scope| {
            let other = scope.spawn(|| render(odd.clone()));
            let mut rendered = render(even);
            // If the thread panicked, its work is repeated here, where a panic reaches the caller.
            rendered.extend(other.join().unwrap_or_else(|_| render(odd.clone())));
            rendered
        });
        for (index, rendered) in rendered {
            series[index] = rendered;
        }
        Self { series }
    }

    /// The mask of a `shape` of `body` pixels at `angle`, centred at pixel `center`; `None` if it has to be made from the
    /// [original](Self::original).
    pub(super) fn cut(&self, shape: Shape, body: f32, angle: f32, center: [f32; 2]) -> Option<Cut> {
        let series = &self.series[shape as usize];
        let sheet = usize::from(*series.by_body.get((body + 0.5) as usize)?);
        let turn = floor(angle * series.angles_per_radian + 0.5);
        let angle = turn.rem_euclid(i32::from(series.angles)) as usize;
        let [x, y] = center.map(floor);
        let quarter = usize::from(center[0] - x as f32 >= 0.5) + 2 * usize::from(center[1] - y as f32 >= 0.5);
        let place = (sheet * usize::from(series.angles) + angle) * QUARTERS.len() + quarter;
        let cut = series.cuts[place];
        Some(Cut { left: x.saturating_add(cut.left), top: y.saturating_add(cut.top), ..cut })
    }

    /// The light of a cut, `width * height` bytes.
    pub(super) fn light(&self, cut: &Cut) -> &[u8] {
        let start = cut.start as usize;
        &self.series[cut.shape as usize].light[start..start + cut.area()]
    }

    /// The smallest original that is not smaller than `body` pixels, otherwise the biggest.
    pub(super) fn original(&self, shape: Shape, body: f32) -> &Original {
        let originals = &self.series[shape as usize].originals;
        originals.iter().find(|original| original.body >= body).unwrap_or(&originals[originals.len() - 1])
    }

    /// Side in pixels, with its halo, of a `shape` of `body` pixels that is made from the original.
    pub(super) fn side(&self, shape: Shape, body: f32) -> f32 {
        let original = self.original(shape, body);
        original.mask.side as f32 * body / original.body
    }
}

impl Cut {
    /// Number of pixels.
    pub(super) fn area(&self) -> usize {
        usize::from(self.width) * usize::from(self.height)
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
        let (mut cuts, mut light) = (Vec::new(), Vec::new());
        for &body in bodies {
            let masks = (0..angles).flat_map(|angle| Mask::render(shape, body, f32::from(angle) * step, QUARTERS));
            cuts.extend(masks.map(|mask| trim(shape, &mask, &mut light)));
        }
        let original = |&body: &f32| {
            let [mask] = Mask::render(shape, body, 0.0, [[0.0, 0.0]]);
            Original { body, mask }
        };
        let covered = if bodies.is_empty() { 0 } else { SHEET_BODY_MAX + 1 };
        Self {
            angles,
            angles_per_radian: 1.0 / step,
            cuts,
            light,
            by_body: (0..covered).map(|body| nearest(bodies, body as f32)).collect(),
            originals: ORIGINALS.iter().map(original).collect(),
        }
    }
}

/// Appends the rows and columns of `mask` that contain light.
fn trim(shape: Shape, mask: &Mask, light: &mut Vec<u8>) -> Cut {
    let (side, start) = (mask.side, light.len() as u32);
    let lit_row = |y: &usize| mask.light[y * side..(y + 1) * side].iter().any(|&light| light > 0);
    let lit_column = |x: &usize| mask.light[*x..].iter().step_by(side).any(|&light| light > 0);
    let rows = lit(side, lit_row);
    let columns = lit(side, lit_column);
    let width = columns.len().next_multiple_of(LANES);
    for row in mask.light.chunks_exact(side).take(rows.end).skip(rows.start) {
        light.extend_from_slice(&row[columns.clone()]);
        light.extend(std::iter::repeat_n(0, width - columns.len()));
    }
    let half = side as i32 / 2;
    let (left, top) = (columns.start as i32 - half, rows.start as i32 - half);
    Cut { start, shape, width: width as u8, height: rows.len() as u8, left, top }
}

/// The range from the first to the last lit one of `count` indices.
fn lit(count: usize, is_lit: impl Fn(&usize) -> bool) -> Range<usize> {
    let first = (0..count).find(&is_lit).unwrap_or(count);
    let end = (first..count).rfind(&is_lit).map_or(first, |last| last + 1);
    first..end
}

/// The greatest integer not above `at`, saturating; `f32::floor` is a library call on plain x86-64.
fn floor(at: f32) -> i32 {
    let whole = at as i32;
    if whole as f32 > at { whole.saturating_sub(1) } else { whole }
}

/// Index of the entry of `bodies` that is nearest to `body`.
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
    fn trimming_takes_only_darkness() {
        let mut mask = Mask { side: 32, light: vec![0; 32 * 32] };
        let mut all = vec![7];
        assert_eq!(trim(Shape::Dart, &mask, &mut all).area(), 0);
        for (x, y) in [(5, 9), (30, 12), (31, 10)] {
            mask.light[y * 32 + x] = 200;
        }
        let cut = trim(Shape::Dart, &mask, &mut all);
        assert_eq!((cut.start, cut.width, cut.height, cut.left, cut.top), (1, 32, 4, -11, -7));
        let narrow =
            trim(Shape::Dart, &Mask { light: [vec![0; 28], vec![1; 4], vec![0; 992]].concat(), side: 32 }, &mut all);
        assert_eq!((narrow.width, narrow.height, narrow.left, narrow.top), (16, 1, 12, -16));
        assert_eq!(all.len(), 1 + 4 * 32 + 16);
    }

    #[test]
    fn a_body_finds_the_nearest_sheet() {
        assert_eq!(nearest(BODIES, 0.0), 0);
        assert_eq!(BODIES[usize::from(nearest(BODIES, 25.0))], 24.0);
        assert_eq!(BODIES[usize::from(nearest(BODIES, 99.0))], 40.0);
    }
}

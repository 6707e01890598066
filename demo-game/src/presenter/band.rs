//! Some rows of the picture and everything needed to draw them: a frame's strokes in, pixels out.
//!
//! A band owns everything that it changes, and shares only the immutable [`Assets`]: bands can be drawn in any order, on any thread.
//!
//! ```text
//! strokes, hairlines ─► light ─────────┐            ┌─ ink
//!                         └─► trail ───┤            ▼
//! backdrop ────────────────────────────┴─ expose ─► pixels
//! ```

use std::ops::Range;

use game_types::draw::Color;

use super::atlas::Atlas;
use super::backdrop::Backdrop;
use super::compose::{expose, weave};
use super::glyphs::Glyphs;
use super::hairline::Hairline;
use super::ink::{Ink, Sheet};
use super::planes::{Planes, Tint};
use super::span::Scratch;
use super::stroke::Stroke;

/// Everything that is rendered at start.
#[derive(Debug)]
pub(super) struct Assets {
    pub(super) atlas: Atlas,
    pub(super) glyphs: Glyphs,
}

/// A band's drawing work for one frame.
#[derive(Debug)]
pub(super) struct Work {
    pub(super) strokes: Vec<Stroke>,
    pub(super) hairlines: Vec<Hairline>,
    /// Colour of the hairlines.
    pub(super) grid: Tint,
    /// Added to every pixel.
    pub(super) flash: Tint,
    /// Drawn in this order.
    pub(super) ink: Vec<(Ink, Color)>,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Band {
    pub(super) work: Work,
    rows: Range<usize>,
    light: Planes,
    trail: Planes,
    backdrop: Backdrop,
    scratch: Scratch,
    exposed: [Vec<u8>; 3],
    pixels: Vec<u32>,
    width: usize,
}

impl Band {
    /// Dark `rows` of a picture of `size`: width and height in pixels.
    pub(super) fn new(size: [usize; 2], rows: Range<usize>) -> Self {
        let width = size[0];
        Self {
            work: Work {
                strokes: Vec::new(),
                hairlines: Vec::new(),
                grid: Tint::NONE,
                flash: Tint::NONE,
                ink: Vec::new(),
            },
            light: Planes::new(width, rows.clone()),
            trail: Planes::new(width, rows.clone()),
            backdrop: Backdrop::paint(size, rows.clone()),
            scratch: Scratch::new(width),
            exposed: std::array::from_fn(|_| vec![0; width]),
            pixels: vec![0; width * rows.len()],
            width,
            rows,
        }
    }

    /// Row `y` of the picture, which must be one of this band's, as `0x00RRGGBB`.
    pub(super) fn row(&self, y: usize) -> &[u32] {
        let start = (y - self.rows.start) * self.width;
        &self.pixels[start..start + self.width]
    }

    /// Draws the frame that [`Self::work`] describes.
    pub(super) fn draw(&mut self, assets: &Assets) {
        for stroke in &self.work.strokes {
            stroke.draw(&mut self.light, &mut self.scratch, &assets.atlas);
        }
        for line in &self.work.hairlines {
            line.draw(&mut self.light, self.work.grid);
        }
        self.expose();
        let mut sheet = Sheet { pixels: &mut self.pixels, width: self.width, top: self.rows.start };
        for (ink, color) in &self.work.ink {
            sheet.lay(ink, *color, &assets.glyphs);
        }
    }

    fn expose(&mut self) {
        for (y, pixels) in self.rows.clone().zip(self.pixels.chunks_exact_mut(self.width)) {
            let layers = self.backdrop.row(y).into_iter().zip(self.trail.row_mut(y)).zip(self.light.row_mut(y));
            let outs = self.exposed.iter_mut().zip(self.work.flash.bytes());
            for ((out, flash), ((backdrop, trail), light)) in outs.zip(layers) {
                expose(out, backdrop, trail, light, flash);
            }
            let [red, green, blue] = &self.exposed;
            weave(pixels, [red, green, blue]);
        }
    }
}

impl Work {
    /// Removes the last frame's work.
    pub(super) fn clear(&mut self) {
        self.strokes.clear();
        self.hairlines.clear();
        self.ink.clear();
    }
}

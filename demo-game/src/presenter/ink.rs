//! Panels, frames and text: drawn over the finished picture, each over the earlier ones.
//!
//! Positions are pixels, finite; everything is clipped to the picture.

use std::ops::Range;

use game_types::draw::{Color, TEXT_ADVANCE, TEXT_CHARS_MAX};

use super::glyphs::{Dot, Glyph, Glyphs};

/// How much a glyph's shade darkens, in 1/256.
const SHADE: u32 = 205;
/// How much of a glyph's colour its shade has, in 1/256.
const GLOW: u32 = 46;

/// Figures that lie above all light.
#[derive(Clone, Copy, Debug)]
pub(super) enum Ink {
    /// An area of one colour.
    Panel(Area),
    /// An area's border of this width in pixels, inside the area.
    Frame(Area, i32),
    /// Characters of a line whose box begins at `corner`, starting with `column`.
    Text { corner: [f32; 2], em: f32, column: u8, count: u8, characters: [u8; TEXT_CHARS_MAX] },
}

impl Ink {
    /// The rows that it may touch.
    pub(super) fn heights(&self) -> [f32; 2] {
        match *self {
            Self::Panel(area) | Self::Frame(area, _) => [area.top as f32, area.bottom as f32],
            // Accents, descenders and shade extend beyond the line's box; glyphs are never smaller than the smallest size.
            Self::Text { corner, em, .. } => {
                let em = em.max(Glyphs::EM_MIN);
                [corner[1] - em, corner[1] + 2.0 * em]
            }
        }
    }
}

/// Finished rows of the picture, `0x00RRGGBB`.
#[derive(Debug)]
pub(super) struct Sheet<'a> {
    /// `width` times the number of rows.
    pub(super) pixels: &'a mut [u32],
    /// Pixels in a row.
    pub(super) width: usize,
    /// The first row.
    pub(super) top: usize,
}

/// A rectangle of whole pixels, right and bottom excluded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Area {
    pub(super) left: i32,
    pub(super) top: i32,
    pub(super) right: i32,
    pub(super) bottom: i32,
}

impl Area {
    /// The pixels nearest to a rectangle, at least one in each direction.
    pub(super) fn nearest(corner: [f32; 2], size: [f32; 2]) -> Self {
        let [left, top] = corner.map(|at| at.round() as i32);
        let end = |at: f32, size: f32, start: i32| ((at + size).round() as i32).max(start.saturating_add(1));
        Self { left, top, right: end(corner[0], size[0], left), bottom: end(corner[1], size[1], top) }
    }
}

impl Sheet<'_> {
    /// Draws `ink` over the present pixels.
    pub(super) fn lay(&mut self, ink: &Ink, color: Color, glyphs: &Glyphs) {
        match *ink {
            Ink::Panel(area) => self.fill(area, color),
            Ink::Frame(area, border) => self.frame(area, border, color),
            Ink::Text { corner, em, column, count, characters } => {
                for (place, &character) in characters[..usize::from(count)].iter().enumerate() {
                    let pen = corner[0] + (f32::from(column) + place as f32) * TEXT_ADVANCE * em;
                    self.glyph(glyphs.glyph(character, em), [pen, corner[1]].map(|at| at.round() as i32), color);
                }
            }
        }
    }

    /// Draws a colour over an area.
    fn fill(&mut self, area: Area, color: [u8; 4]) {
        let (columns, rows) = (clip(area.left, area.right, self.width), self.rows(area.top, area.bottom));
        for row in self.pixels.chunks_exact_mut(self.width).take(rows.end).skip(rows.start) {
            for pixel in &mut row[columns.clone()] {
                *pixel = over(*pixel, color);
            }
        }
    }

    /// Draws an area's border, `border` pixels wide, inside.
    fn frame(&mut self, area: Area, border: i32, color: [u8; 4]) {
        let Area { left, top, right, bottom } = area;
        let (inner_top, inner_bottom) =
            (top.saturating_add(border).min(bottom), bottom.saturating_sub(border).max(top));
        self.fill(Area { bottom: inner_top, ..area }, color);
        self.fill(Area { top: inner_bottom.max(inner_top), ..area }, color);
        let sides = Area { top: inner_top, bottom: inner_bottom, ..area };
        let inner_left = left.saturating_add(border).min(right);
        self.fill(Area { right: inner_left, ..sides }, color);
        self.fill(Area { left: right.saturating_sub(border).max(inner_left), ..sides }, color);
    }

    /// Draws a glyph whose pen is at `(x, y)`, where y is the upper edge of the line's box.
    fn glyph(&mut self, glyph: &Glyph, [x, y]: [i32; 2], color: [u8; 4]) {
        let (left, top) = (x.saturating_add(glyph.left), y.saturating_add(glyph.top));
        let (right, bottom) =
            (left.saturating_add(glyph.width as i32), top.saturating_add((glyph.dots.len() / glyph.width) as i32));
        let (columns, rows) = (clip(left, right, self.width), self.rows(top, bottom));
        if columns.is_empty() || rows.is_empty() {
            return;
        }
        let first_row = self.top + rows.start;
        let skipped = [columns.start as i64 - i64::from(left), first_row as i64 - i64::from(top)];
        let [skipped_columns, skipped_rows] = skipped.map(|skipped| skipped as usize);
        let lines = self.pixels.chunks_exact_mut(self.width).take(rows.end).skip(rows.start);
        for (line, dots) in lines.zip(glyph.dots.chunks_exact(glyph.width).skip(skipped_rows)) {
            for (pixel, dot) in line[columns.clone()].iter_mut().zip(&dots[skipped_columns..]) {
                if *dot != Dot::default() {
                    *pixel = inked(*pixel, *dot, color);
                }
            }
        }
    }

    /// The rows of these that lie in `from .. to` of the picture, counted from the first.
    fn rows(&self, from: i32, to: i32) -> Range<usize> {
        let top = self.top as i32;
        clip(from.saturating_sub(top), to.saturating_sub(top), self.pixels.len() / self.width)
    }
}

fn clip(from: i32, to: i32, end: usize) -> Range<usize> {
    let clamp = |at: i32| usize::try_from(at).unwrap_or(0).min(end);
    clamp(from)..clamp(to).max(clamp(from))
}

fn over(pixel: u32, [r, g, b, a]: [u8; 4]) -> u32 {
    let ink = u32::from_be_bytes([0, r, g, b]);
    mix(pixel, ink, u32::from(a) + u32::from(a >> 7))
}

fn inked(pixel: u32, dot: Dot, [r, g, b, a]: [u8; 4]) -> u32 {
    let ink = u32::from_be_bytes([0, r, g, b]);
    let full = |byte: u8| u32::from(byte) + u32::from(byte >> 7);
    let part = |light: u8| (full(light) * full(a)) >> 8;
    let glow = mix(0, ink, GLOW);
    mix(mix(pixel, glow, (part(dot.shade) * SHADE) >> 8), ink, part(dot.ink))
}

/// Blends `part / 256` (at most 256) of `to` with the rest of `from`, two colours at a time.
#[inline]
fn mix(from: u32, to: u32, part: u32) -> u32 {
    const RED_BLUE: u32 = 0x00ff_00ff;
    const GREEN: u32 = 0x0000_ff00;
    let rest = 256 - part;
    let red_blue = ((from & RED_BLUE) * rest + (to & RED_BLUE) * part) >> 8 & RED_BLUE;
    let green = (((from & GREEN) >> 8) * rest + ((to & GREEN) >> 8) * part) & GREEN;
    red_blue | green
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mixing_keeps_the_ends() {
        assert_eq!(mix(0x0012_3456, 0x00ff_ffff, 0), 0x0012_3456);
        assert_eq!(mix(0x0012_3456, 0x00ff_00ff, 256), 0x00ff_00ff);
        assert_eq!(mix(0, 0x00ff_ffff, 128), 0x007f_7f7f);
    }

    #[test]
    fn areas_are_clipped() {
        let mut pixels = vec![0; 20 * 10];
        let mut sheet = Sheet { pixels: &mut pixels, width: 20, top: 0 };
        sheet.fill(Area { left: i32::MIN, top: -5, right: 3, bottom: 2 }, [255; 4]);
        sheet.fill(Area { left: 5, top: 5, right: 2, bottom: 9 }, [255; 4]);
        sheet.frame(Area { left: 10, top: 4, right: i32::MAX, bottom: i32::MAX }, i32::MAX, [0, 255, 0, 255]);
        assert_eq!(pixels.iter().filter(|&&pixel| pixel == 0x00ff_ffff).count(), 6);
        assert_eq!(pixels.iter().filter(|&&pixel| pixel == 0x0000_ff00).count(), 60);
    }
}

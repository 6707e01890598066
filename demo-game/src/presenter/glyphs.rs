//! The font's printable ASCII characters, rasterized once at each text size.
//!
//! Each pixel has *ink*, the character, and *shade*, its blurred surroundings. The shade darkens the background so that text stays readable
//! over a swarm.

use thiserror::Error;

/// Glyph sizes: ems in pixels; text uses the greatest that is not above the requested one.
const EMS: &[u16] = &[8, 9, 10, 11, 12, 13, 14, 15, 16, 18, 20, 22, 24, 28, 32, 36, 40, 48, 56, 64, 72, 80, 96];
/// The first character.
const FIRST: u8 = b' ';
/// The last character.
const LAST: u8 = b'~';
/// The height of the baseline below the upper edge of a line's box, in ems.
const BASELINE: f32 = 0.8;

/// Why bytes are not a font.
#[derive(Debug, Error)]
#[error("not a usable TrueType or OpenType font: {reason}")]
pub(crate) struct FontError {
    reason: &'static str,
}

/// A font from the bytes of a TrueType or OpenType file.
pub(crate) struct Font(fontdue::Font);

impl Font {
    /// The font that comes with the game, JetBrains Mono Bold.
    pub(crate) const BUILTIN: &'static [u8] = include_bytes!(concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/",
        env!("ASSETS_FOLDER"),
        "/fonts/JetBrainsMono-Bold.ttf"
    ));

    /// Parses a font. It must be monospaced, because characters are set 0.6 ems apart.
    ///
    /// # Errors
    /// If fontdue can't read the file.
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, FontError> {
        let font = fontdue::Font::from_bytes(bytes, fontdue::FontSettings::default());
        font.map(Self).map_err(|reason| FontError { reason })
    }
}

impl std::fmt::Debug for Font {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Font").field("name", &self.0.name()).finish_non_exhaustive()
    }
}

/// One pixel of a glyph: its amounts of ink and of shade.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Dot {
    pub(super) ink: u8,
    pub(super) shade: u8,
}

/// A character's pixels at one size.
#[derive(Debug)]
pub(super) struct Glyph {
    /// Distance from the pen to the leftmost pixel.
    pub(super) left: i32,
    /// Distance down from the upper edge of the line's box to the uppermost pixel.
    pub(super) top: i32,
    /// Pixels in a row; positive.
    pub(super) width: usize,
    /// Row by row.
    pub(super) dots: Vec<Dot>,
}

/// All glyphs of a font.
#[derive(Debug)]
pub(super) struct Glyphs {
    /// The characters from [`FIRST`] to [`LAST`] for each of [`EMS`].
    sizes: Vec<Vec<Glyph>>,
}

impl Glyphs {
    /// Smaller text is drawn with glyphs of this em, in pixels.
    pub(super) const EM_MIN: f32 = EMS[0] as f32;

    /// Rasterizes a font; takes some tens of milliseconds.
    pub(super) fn render(font: &Font) -> Self {
        let size = |&em: &u16| (FIRST..=LAST).map(|character| Glyph::render(font, character, em)).collect();
        Self { sizes: EMS.iter().map(size).collect() }
    }

    /// The glyph of a character at an em of this many pixels; a question mark for other characters than printable ASCII.
    pub(super) fn glyph(&self, character: u8, em: f32) -> &Glyph {
        let size = EMS.partition_point(|&ready| f32::from(ready) <= em + 0.01).saturating_sub(1);
        let character = if (FIRST..=LAST).contains(&character) { character } else { b'?' };
        &self.sizes[size][usize::from(character - FIRST)]
    }
}

impl Glyph {
    fn render(font: &Font, character: u8, em: u16) -> Self {
        let (metrics, ink) = font.0.rasterize(char::from(character), f32::from(em));
        let reach = 2 + usize::from(em) / 16;
        let (width, height) = (metrics.width + 2 * reach, metrics.height + 2 * reach);
        let mut dots = vec![Dot::default(); width * height];
        for (y, row) in ink.chunks_exact(metrics.width.max(1)).enumerate() {
            for (x, &ink) in row.iter().enumerate() {
                dots[(y + reach) * width + x + reach].ink = ink;
            }
        }
        shade(&mut dots, width, reach);
        let baseline = (f32::from(em) * BASELINE).round() as i32;
        let top = baseline - metrics.ymin - metrics.height as i32 - reach as i32;
        Self { left: metrics.xmin - reach as i32, top, width, dots }
    }
}

/// Computes the shade: spreads the ink over `reach` pixels, weaker with the distance, first along rows, then along columns.
fn shade(dots: &mut [Dot], width: usize, reach: usize) {
    let ink: Vec<u8> = dots.iter().map(|dot| dot.ink).collect();
    let height = dots.len() / width;
    let strongest = |from: &[u8], at: usize, place: usize, end: usize, step: usize| {
        let near = place.saturating_sub(reach)..(place + reach + 1).min(end);
        let weigh = |other: usize| {
            let weight = reach + 1 - other.abs_diff(place);
            usize::from(from[at - place * step + other * step]) * weight / (reach + 1)
        };
        near.map(weigh).max().unwrap_or(0) as u8
    };
    let rows: Vec<u8> = (0..dots.len()).map(|at| strongest(&ink, at, at % width, width, 1)).collect();
    for (at, dot) in dots.iter_mut().enumerate() {
        dot.shade = strongest(&rows, at, at / width, height, width);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn glyphs_fit_between_pen_and_advance_and_into_the_line() {
        let glyphs = Glyphs::render(&Font::parse(Font::BUILTIN).unwrap());
        for em in [12.0, 24.0, 64.0] {
            for character in b'0'..=b'Z' {
                let glyph = glyphs.glyph(character, em);
                let inked = |at: &usize| glyph.dots[*at].ink > 128;
                for at in (0..glyph.dots.len()).filter(inked) {
                    let x = glyph.left + (at % glyph.width) as i32;
                    let y = glyph.top + (at / glyph.width) as i32;
                    assert!((-1..=(em * 0.6) as i32 + 1).contains(&x), "{} at {x}", char::from(character));
                    assert!((0..=em as i32).contains(&y), "{} at {y}", char::from(character));
                }
            }
        }
    }

    #[test]
    fn unprintable_characters_are_question_marks() {
        let glyphs = Glyphs::render(&Font::parse(Font::BUILTIN).unwrap());
        assert_eq!(glyphs.glyph(200, 16.0).dots, glyphs.glyph(b'?', 16.0).dots);
        assert_eq!(glyphs.glyph(b'A', 1e9).dots, glyphs.glyph(b'A', 96.0).dots);
    }

    #[test]
    fn a_broken_font_is_an_error() {
        assert!(Font::parse(b"no font").is_err());
    }
}

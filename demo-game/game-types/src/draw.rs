//! Draw commands: sent by the render plugin, rasterized by the presenter.
//!
//! One command is 32 bytes of plain data; a frame is any number of them, in any number of messages.
//!
//! # Space
//! World units: the view is [`VIEW_WIDTH`] × [`VIEW_HEIGHT`], centred at the origin, x to the right, **y up**.
//! Angles are radians, 0 along +x, counter-clockwise. Colours are `[r, g, b, a]`; for light, `a` is its strength.
//!
//! # Layers
//! *Light* (sprites, beams, rings) adds up in any order, glows and leaves trails. *Ink* (panels, frames, text) lies above all light; the
//! camera's shake doesn't move it, and each command covers earlier ones.
//!
//! # Layout
//! ```text
//!  byte 0    1     2     3      4      8   12  16    20        24        28
//!      ┌────┬─────┬─────┬──────┬──────┬───┬───┬─────┬─────────┬─────────┬─────────┐
//!      │kind│shape│count│column│r g b a│ x │ y │size │ word 0  │ word 1  │ word 2  │
//!      └────┴─────┴─────┴──────┴──────┴───┴───┴─────┴─────────┴─────────┴─────────┘
//!  sprite      ✓                  ✓     centre  diameter angle
//!  beam                           ✓     end     width    start x   start y   start strength
//!  ring                           ✓     centre  radius   width
//!  panel                          ✓     corner  —        width     height
//!  frame                          ✓     corner  border   width     height
//!  text             ✓     ✓       ✓     corner  em       12 ASCII bytes
//!  shake                                offset
//!  flash                          ✓
//!  grid                           ✓
//!  ripple                               centre  radius   strength
//! ```
//! Corners are the upper left ones. Words hold the bits of an `f32`, or ASCII bytes in memory order.
//!
//! # Failure
//! A presenter skips a command that it cannot understand: unknown kind or shape, a value not finite or out of range.

use plugin_sdk::prelude::*;

/// Width of the view, in world units.
pub const VIEW_WIDTH: f32 = 1280.0;
/// Height of the view, in world units.
pub const VIEW_HEIGHT: f32 = 720.0;
/// Maximum number of characters in one text command.
pub const TEXT_CHARS_MAX: usize = 12;
/// Distance between two characters, in ems (multiples of the text size).
pub const TEXT_ADVANCE: f32 = 0.6;

/// An `[r, g, b, a]` colour.
pub type Color = [u8; 4];

/// Colours that match on the dark backdrop.
pub mod palette {
    use super::Color;

    /// The player's ship.
    pub const ICE: Color = [110, 190, 255, 255];
    /// Darts, cool highlights.
    pub const CYAN: Color = [5, 170, 235, 255];
    /// Diamonds.
    pub const BLUE: Color = [45, 85, 255, 255];
    /// Pinwheels.
    pub const VIOLET: Color = [150, 40, 255, 255];
    /// Squares.
    pub const MAGENTA: Color = [255, 20, 150, 255];
    /// Hexagons, danger.
    pub const RED: Color = [255, 38, 40, 255];
    /// Explosions, warnings.
    pub const ORANGE: Color = [255, 115, 15, 255];
    /// The player's bullets.
    pub const GOLD: Color = [255, 170, 35, 255];
    /// Gains, health.
    pub const LIME: Color = [90, 255, 110, 255];
    /// Text.
    pub const WHITE: Color = [235, 245, 255, 255];
    /// Secondary text.
    pub const STEEL: Color = [125, 150, 190, 255];
    /// Panels behind text.
    pub const NIGHT: Color = [4, 7, 22, 190];

    /// `color` with its alpha scaled by `strength` in `0.0 ..= 1.0`.
    #[must_use]
    pub fn faded(color: Color, strength: f32) -> Color {
        let [r, g, b, a] = color;
        [r, g, b, (f32::from(a) * strength.clamp(0.0, 1.0)) as u8]
    }
}

/// The shape that a command draws; the value of [`DrawCommand::kind`].
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DrawKind {
    /// A glowing shape, rotated.
    Sprite = 1,
    /// A glowing segment with round ends.
    Beam = 2,
    /// A glowing circle, of any radius.
    Ring = 3,
    /// A filled rectangle.
    Panel = 4,
    /// A rectangle's border.
    Frame = 5,
    /// Up to twelve characters of a line of text.
    Text = 6,
    /// Moves the camera for the light drawn after it in this frame.
    Shake = 7,
    /// Light over the whole screen.
    Flash = 8,
    /// Colour of the backdrop's grid in this frame.
    Grid = 9,
    /// Pushes the backdrop's grid; it swings back over the next frames.
    Ripple = 10,
}

impl DrawKind {
    /// The kind with this value.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        Some(match byte {
            1 => Self::Sprite,
            2 => Self::Beam,
            3 => Self::Ring,
            4 => Self::Panel,
            5 => Self::Frame,
            6 => Self::Text,
            7 => Self::Shake,
            8 => Self::Flash,
            9 => Self::Grid,
            10 => Self::Ripple,
            _ => return None,
        })
    }
}

/// A sprite's shape; the value of [`DrawCommand::shape`]. All shapes point along their angle.
#[repr(u8)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// The player's ship: a claw open to the front.
    Ship = 0,
    /// Enemy: an arrow head.
    Dart = 1,
    /// Enemy: a slender rhombus.
    Diamond = 2,
    /// Enemy: four blades.
    Pinwheel = 3,
    /// Enemy: a square within a square.
    Square = 4,
    /// Enemy: a hexagon with spokes.
    Hexagon = 5,
    /// A bolt, bright at its tip.
    Bullet = 6,
    /// A thin streak.
    Spark = 7,
    /// A round dot.
    Particle = 8,
    /// A small circle; for shockwaves see [`DrawCommand::ring`].
    Halo = 9,
    /// A soft round glow without an edge.
    Glow = 10,
}

impl Shape {
    /// Number of shapes.
    pub const COUNT: usize = 11;

    /// Every shape, by value.
    pub const ALL: [Self; Self::COUNT] = [
        Self::Ship,
        Self::Dart,
        Self::Diamond,
        Self::Pinwheel,
        Self::Square,
        Self::Hexagon,
        Self::Bullet,
        Self::Spark,
        Self::Particle,
        Self::Halo,
        Self::Glow,
    ];

    /// The shape with this value.
    #[must_use]
    pub const fn from_byte(byte: u8) -> Option<Self> {
        if (byte as usize) < Self::COUNT { Some(Self::ALL[byte as usize]) } else { None }
    }
}

/// One thing to draw. Build it with the functions below; zeroed memory draws nothing.
#[derive(Clone, Copy, Debug, PartialEq, Message)]
#[repr(C)]
pub struct DrawCommand {
    /// A [`DrawKind`]; any other value draws nothing.
    pub kind: u8,
    /// Sprite: a [`Shape`].
    pub shape: u8,
    /// Text: number of bytes of `words` that are characters, at most [`TEXT_CHARS_MAX`].
    pub count: u8,
    /// Text: number of the line's characters to the left of this command's first.
    pub column: u8,
    /// `[r, g, b, a]`.
    pub color: [u8; 4],
    /// World units.
    pub x: f32,
    /// World units, up.
    pub y: f32,
    /// World units; see the layout.
    pub size: f32,
    /// Bits of `f32`s, or ASCII bytes; see the layout.
    pub words: [u32; 3],
}

const _: () = assert!(size_of::<DrawCommand>() == 32 && align_of::<DrawCommand>() == 4);

impl DrawCommand {
    /// Draws nothing.
    pub const NONE: Self =
        Self { kind: 0, shape: 0, count: 0, column: 0, color: [0; 4], x: 0.0, y: 0.0, size: 0.0, words: [0; 3] };

    const fn new(kind: DrawKind, x: f32, y: f32, size: f32, color: Color) -> Self {
        Self { kind: kind as u8, color, x, y, size, ..Self::NONE }
    }

    const fn with(self, a: f32, b: f32, c: f32) -> Self {
        Self { words: [a.to_bits(), b.to_bits(), c.to_bits()], ..self }
    }

    /// A glowing `shape` of diameter `size` (without its glow) centred at `(x, y)`.
    #[must_use]
    pub const fn sprite(shape: Shape, x: f32, y: f32, size: f32, angle: f32, color: Color) -> Self {
        let command = Self::new(DrawKind::Sprite, x, y, size, color).with(angle, 0.0, 0.0);
        Self { shape: shape as u8, ..command }
    }

    /// A glowing segment of uniform strength.
    #[must_use]
    pub const fn beam(start: [f32; 2], end: [f32; 2], width: f32, color: Color) -> Self {
        Self::new(DrawKind::Beam, end[0], end[1], width, color).with(start[0], start[1], 1.0)
    }

    /// A glowing segment that fades towards its `tail`.
    #[must_use]
    pub const fn trail(tail: [f32; 2], head: [f32; 2], width: f32, color: Color) -> Self {
        Self::new(DrawKind::Beam, head[0], head[1], width, color).with(tail[0], tail[1], 0.0)
    }

    /// A glowing circle, such as a shockwave.
    #[must_use]
    pub const fn ring(x: f32, y: f32, radius: f32, width: f32, color: Color) -> Self {
        Self::new(DrawKind::Ring, x, y, radius, color).with(width, 0.0, 0.0)
    }

    /// A filled rectangle whose upper left corner is `(x, y)`.
    #[must_use]
    pub const fn panel(x: f32, y: f32, width: f32, height: f32, color: Color) -> Self {
        Self::new(DrawKind::Panel, x, y, 0.0, color).with(width, height, 0.0)
    }

    /// The border, inside the rectangle, of a rectangle whose upper left corner is `(x, y)`.
    #[must_use]
    pub const fn frame(x: f32, y: f32, width: f32, height: f32, border: f32, color: Color) -> Self {
        Self::new(DrawKind::Frame, x, y, border, color).with(width, height, 0.0)
    }

    /// The first twelve bytes of `text`, as a line whose box has its upper left corner at `(x, y)` and is `size` high.
    #[must_use]
    pub fn text(x: f32, y: f32, size: f32, color: Color, text: &str) -> Self {
        Self::text_at(x, y, size, color, 0, text.as_bytes())
    }

    /// As many commands as `text` needs, each with its starting column. At most 256 characters are drawn.
    pub fn text_line(x: f32, y: f32, size: f32, color: Color, text: &str) -> impl Iterator<Item = Self> {
        let parts = text.as_bytes().chunks(TEXT_CHARS_MAX).enumerate();
        parts.map_while(move |(part, bytes)| {
            let column = u8::try_from(part * TEXT_CHARS_MAX).ok()?;
            Some(Self::text_at(x, y, size, color, column, bytes))
        })
    }

    /// Like [`Self::text_line`], with `x` at the middle of the line.
    pub fn text_centered(x: f32, y: f32, size: f32, color: Color, text: &str) -> impl Iterator<Item = Self> {
        Self::text_line(x - text_width(size, text) / 2.0, y, size, color, text)
    }

    /// Like [`Self::text_line`], with `x` at the right end of the line.
    pub fn text_right(x: f32, y: f32, size: f32, color: Color, text: &str) -> impl Iterator<Item = Self> {
        Self::text_line(x - text_width(size, text), y, size, color, text)
    }

    fn text_at(x: f32, y: f32, size: f32, color: Color, column: u8, text: &[u8]) -> Self {
        let mut bytes = [0; TEXT_CHARS_MAX];
        let count = text.len().min(TEXT_CHARS_MAX);
        bytes[..count].copy_from_slice(&text[..count]);
        let (words, _) = bytes.as_chunks::<4>();
        let words = [0, 1, 2].map(|word| u32::from_ne_bytes(words[word]));
        Self { count: count as u8, column, words, ..Self::new(DrawKind::Text, x, y, size, color) }
    }

    /// Moves the camera by `(dx, dy)` for the light drawn after this command in this frame.
    #[must_use]
    pub const fn shake(dx: f32, dy: f32) -> Self {
        Self::new(DrawKind::Shake, dx, dy, 0.0, [0; 4])
    }

    /// Adds light of this colour to the whole screen in this frame; its alpha is the strength.
    #[must_use]
    pub const fn flash(color: Color) -> Self {
        Self::new(DrawKind::Flash, 0.0, 0.0, 0.0, color)
    }

    /// Colour of the backdrop's grid in this frame; without it the grid is a dim blue.
    #[must_use]
    pub const fn grid(color: Color) -> Self {
        Self::new(DrawKind::Grid, 0.0, 0.0, 0.0, color)
    }

    /// Pushes the grid away from `(x, y)` within `radius`. `strength` is the push at the centre in world units per frame (a bullet 1, an
    /// explosion 12); a negative one pulls.
    #[must_use]
    pub const fn ripple(x: f32, y: f32, radius: f32, strength: f32) -> Self {
        Self::new(DrawKind::Ripple, x, y, radius, [0; 4]).with(strength, 0.0, 0.0)
    }

    /// Word `index` (`0 ..= 2`) as a number.
    #[must_use]
    pub const fn number(&self, index: usize) -> f32 {
        f32::from_bits(self.words[index])
    }

    /// The characters of a text command, and their number, in `0 ..= TEXT_CHARS_MAX`.
    #[must_use]
    pub fn characters(&self) -> ([u8; TEXT_CHARS_MAX], usize) {
        let mut bytes = [0; TEXT_CHARS_MAX];
        for (chunk, word) in bytes.as_chunks_mut::<4>().0.iter_mut().zip(self.words) {
            *chunk = word.to_ne_bytes();
        }
        (bytes, usize::from(self.count).min(TEXT_CHARS_MAX))
    }
}

/// Width of a line of `text` at this size, in world units.
#[must_use]
pub fn text_width(size: f32, text: &str) -> f32 {
    size * TEXT_ADVANCE * text.len() as f32
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn kinds_and_shapes_come_back_from_their_bytes() {
        for byte in 0..=u8::MAX {
            assert!(DrawKind::from_byte(byte).is_none_or(|kind| kind as u8 == byte));
            assert!(Shape::from_byte(byte).is_none_or(|shape| shape as u8 == byte));
        }
        assert!(Shape::ALL.iter().all(|&shape| Shape::from_byte(shape as u8) == Some(shape)));
    }

    #[test]
    fn a_long_line_is_cut_into_columns() {
        let line: Vec<DrawCommand> =
            DrawCommand::text_line(1.0, 2.0, 10.0, palette::WHITE, "0123456789abcdef").collect();
        let [first, second] = line[..] else { panic!("{} commands", line.len()) };
        assert_eq!(first.characters(), (*b"0123456789ab", 12));
        assert_eq!((second.column, second.characters()), (12, (*b"cdef\0\0\0\0\0\0\0\0", 4)));
        let endless = "x".repeat(10_000);
        assert_eq!(DrawCommand::text_line(0.0, 0.0, 10.0, palette::WHITE, &endless).count(), 22);
    }

    #[test]
    fn text_is_centered_by_its_width() {
        let first = DrawCommand::text_centered(0.0, 0.0, 10.0, palette::WHITE, "four").next();
        assert_eq!(first.map(|command| command.x), Some(-12.0));
    }
}

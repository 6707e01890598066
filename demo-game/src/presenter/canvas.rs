//! The picture: takes a frame's draw commands and makes pixels of them.
//!
//! ```text
//! sprites, beams, rings ─► light ──────────┐            ┌─ panels, frames, text
//! lattice ─────────────────┘   └─► trail ──┤            ▼
//! backdrop ────────────────────────────────┴─ expose ─► pixels
//! ```
//! A frame is 1/60 s; [`Canvas::begin`], any number of [`Canvas::draw`], then [`Canvas::finish`].
//!
//! # Invariants
//! 1. Commands are untrusted: one with a value not finite or out of range is skipped, never a panic.
//! 2. The work of a frame is bounded by [`PIXELS_PER_FRAME_MAX`] and [`INK_PER_FRAME_MAX`], whatever the commands.
//! 3. Between `begin` and `finish` nothing is allocated.
//! 4. The pixels depend on nothing but the commands since [`Canvas::new`] or [`Canvas::reset`].

use game_types::draw::{Color, DrawCommand, DrawKind, Shape, TEXT_ADVANCE};

use super::atlas::Atlas;
use super::backdrop::Backdrop;
use super::camera::Camera;
use super::compose::{expose, weave};
use super::glyphs::{Font, Glyphs};
use super::ink::{Area, Sheet};
use super::lattice::Lattice;
use super::planes::{Planes, Tint};
use super::span::{self, Scratch};

/// Pixels that a frame's commands may touch together; computed pixels count [`COMPUTED`] times.
const PIXELS_PER_FRAME_MAX: usize = 80 << 20;
/// Panels, frames and text commands of a frame.
const INK_PER_FRAME_MAX: usize = 4096;
/// How much dearer a computed pixel is than a copied one, about.
const COMPUTED: usize = 6;
/// World units.
const SPRITE_SIZE_MAX: f32 = 1024.0;
/// World units.
const BEAM_WIDTH_MAX: f32 = 64.0;
/// World units.
const RING_RADIUS_MAX: f32 = 2048.0;
/// World units.
const TEXT_SIZE_MAX: f32 = 256.0;
/// World units.
const PANEL_SIZE_MAX: f32 = 4096.0;
/// The grid's colour when no command gives one.
const GRID: Color = [45, 75, 190, 255];

/// What a frame's commands have set so far.
#[derive(Clone, Copy, Debug)]
struct Frame {
    camera: Camera,
    flash: Tint,
    grid: Color,
    pixels_left: usize,
    skipped: u32,
}

/// The presenter's picture and all that it is made from.
#[derive(Debug)]
pub(crate) struct Canvas {
    camera: Camera,
    frame: Frame,
    atlas: Atlas,
    glyphs: Glyphs,
    backdrop: Backdrop,
    lattice: Lattice,
    light: Planes,
    trail: Planes,
    scratch: Scratch,
    exposed: [Vec<u8>; 3],
    ink: Vec<DrawCommand>,
    pixels: Vec<u32>,
    width: usize,
}

impl Canvas {
    /// A dark picture of `width` × `height` pixels, each in `1 ..= 8192` (clamped). Renders all sprites, which takes
    /// some tenths of a second.
    #[must_use]
    pub(crate) fn new(width: u32, height: u32, font: &Font) -> Self {
        let (width, height) = (width.clamp(1, 8192), height.clamp(1, 8192));
        let camera = Camera::new(width, height);
        let (width, height) = (width as usize, height as usize);
        Self {
            camera,
            frame: Frame::new(camera),
            atlas: Atlas::render(),
            glyphs: Glyphs::render(font),
            backdrop: Backdrop::paint(width, height),
            lattice: Lattice::new(),
            light: Planes::new(width, height),
            trail: Planes::new(width, height),
            scratch: Scratch::new(width),
            exposed: std::array::from_fn(|_| vec![0; width]),
            ink: Vec::with_capacity(INK_PER_FRAME_MAX),
            pixels: vec![0; width * height],
            width,
        }
    }

    /// Pixels of a row.
    #[must_use]
    pub(crate) fn width(&self) -> u32 {
        self.width as u32
    }

    /// Rows.
    #[must_use]
    pub(crate) fn height(&self) -> u32 {
        (self.pixels.len() / self.width) as u32
    }

    /// The last finished frame, row by row, `0x00RRGGBB`.
    #[must_use]
    pub(crate) fn pixels(&self) -> &[u32] {
        &self.pixels
    }

    /// World units of a position in this picture's pixels.
    #[must_use]
    pub(crate) fn world(&self, pixel: [f32; 2]) -> [f32; 2] {
        self.camera.world(pixel)
    }

    /// Commands of this frame, or the last, that were not understood or exceeded the frame's bounds.
    #[must_use]
    pub(crate) fn skipped(&self) -> u32 {
        self.frame.skipped
    }

    /// Bytes of the sprites rendered at start.
    #[must_use]
    pub(crate) fn sprite_bytes(&self) -> usize {
        self.atlas.bytes()
    }

    /// Draws text with another font from now on.
    pub(crate) fn set_font(&mut self, font: &Font) {
        self.glyphs = Glyphs::render(font);
    }

    /// Forgets all trails, and puts the grid to rest: the next frame looks like the first.
    pub(crate) fn reset(&mut self) {
        self.light.clear();
        self.trail.clear();
        self.lattice = Lattice::new();
    }

    /// Begins a frame. One that was begun and not finished is given up.
    pub(crate) fn begin(&mut self) {
        self.frame = Frame::new(self.camera);
        self.ink.clear();
    }

    /// Draws some of the frame's commands.
    pub(crate) fn draw(&mut self, commands: &[DrawCommand]) {
        for command in commands {
            if self.apply(command).is_none() {
                self.frame.skipped = self.frame.skipped.saturating_add(1);
            }
        }
    }

    /// Ends the frame: [`Self::pixels`] shows it.
    pub(crate) fn finish(&mut self) {
        self.lattice.step();
        self.lattice.draw(&mut self.light, &self.frame.camera, self.frame.grid);
        self.expose();
        self.write();
    }

    /// Draws one command, or tells that it is invalid or too much.
    fn apply(&mut self, command: &DrawCommand) -> Option<()> {
        match DrawKind::from_byte(command.kind)? {
            DrawKind::Sprite => self.sprite(command),
            DrawKind::Beam => self.beam(command),
            DrawKind::Ring => self.ring(command),
            DrawKind::Panel | DrawKind::Frame | DrawKind::Text => self.keep(command),
            DrawKind::Shake => self.shake(command),
            DrawKind::Flash => {
                self.frame.flash = Tint::new(command.color);
                Some(())
            }
            DrawKind::Grid => {
                self.frame.grid = command.color;
                Some(())
            }
            DrawKind::Ripple => self.ripple(command),
        }
    }

    fn sprite(&mut self, command: &DrawCommand) -> Option<()> {
        let shape = Shape::from_byte(command.shape)?;
        let center = self.frame.camera.pixel(command.x, command.y)?;
        let body = self.camera.length(command.size, SPRITE_SIZE_MAX)?;
        let angle = command.number(0);
        if !angle.is_finite() {
            return None;
        }
        let tint = Tint::new(command.color);
        if let Some(cut) = self.atlas.cut(shape, body, angle, center) {
            self.frame.spend(cut.light.len())?;
            self.light.stamp(cut.light, cut.side, cut.left, cut.top, tint);
        } else {
            let original = self.atlas.original(shape, body);
            let side = original.mask.side as f32 * body / original.body;
            self.frame.spend(self.visible(center, [side, side]) * COMPUTED)?;
            span::sprite(&mut self.light, &mut self.scratch, original, center, body, angle, tint);
        }
        Some(())
    }

    fn beam(&mut self, command: &DrawCommand) -> Option<()> {
        let end = self.frame.camera.pixel(command.x, command.y)?;
        let start = self.frame.camera.pixel(command.number(0), command.number(1))?;
        let width = self.camera.length(command.size, BEAM_WIDTH_MAX)?;
        let strength = command.number(2);
        if !(0.0..=1.0).contains(&strength) {
            return None;
        }
        let reach = span::reach(width);
        let across = [0, 1].map(|axis| (end[axis] - start[axis]).abs() + 2.0 * reach);
        let middle = [0, 1].map(|axis| (end[axis] + start[axis]) / 2.0);
        // The strip along the segment, or the part of it that can be visible.
        let strip = 2.0 * reach * (across[0] + across[1]);
        self.frame.spend(self.visible(middle, across).min(strip as usize) * COMPUTED)?;
        span::beam(&mut self.light, &mut self.scratch, start, end, width, strength, Tint::new(command.color));
        Some(())
    }

    fn ring(&mut self, command: &DrawCommand) -> Option<()> {
        let center = self.frame.camera.pixel(command.x, command.y)?;
        let radius = self.camera.length(command.size, RING_RADIUS_MAX)?;
        let width = self.camera.length(command.number(0), BEAM_WIDTH_MAX)?;
        let reach = span::reach(width);
        let across = 2.0 * (radius + reach);
        let strip = std::f32::consts::TAU * (radius + reach) * 2.0 * reach;
        self.frame.spend(self.visible(center, [across, across]).min(strip as usize) * COMPUTED)?;
        span::ring(&mut self.light, &mut self.scratch, center, radius, width, Tint::new(command.color));
        Some(())
    }

    fn shake(&mut self, command: &DrawCommand) -> Option<()> {
        self.camera.pixel(command.x, command.y)?;
        self.frame.camera = self.camera.moved([command.x, command.y]);
        Some(())
    }

    fn ripple(&mut self, command: &DrawCommand) -> Option<()> {
        self.camera.pixel(command.x, command.y)?;
        self.camera.length(command.size, RING_RADIUS_MAX)?;
        let strength = command.number(0);
        if !strength.is_finite() {
            return None;
        }
        self.frame.spend(Lattice::nodes_within(command.size) * COMPUTED)?;
        self.lattice.push(command.x, command.y, command.size, strength);
        Some(())
    }

    /// Keeps ink for the end of the frame.
    fn keep(&mut self, command: &DrawCommand) -> Option<()> {
        self.camera.pixel(command.x, command.y)?;
        if self.ink.len() == INK_PER_FRAME_MAX {
            return None;
        }
        let area = match DrawKind::from_byte(command.kind)? {
            DrawKind::Text => {
                let em = self.camera.length(command.size, TEXT_SIZE_MAX)?;
                (em * em) as usize * command.characters().1
            }
            kind => {
                let size = self.area(command)?;
                if kind == DrawKind::Frame {
                    self.camera.length(command.size, PANEL_SIZE_MAX)?;
                }
                (size[0] * size[1]) as usize
            }
        };
        self.frame.spend(area.min(self.pixels.len()) * COMPUTED)?;
        self.ink.push(*command);
        Some(())
    }

    /// Width and height in pixels of a panel or frame.
    fn area(&self, command: &DrawCommand) -> Option<[f32; 2]> {
        let length = |word| self.camera.length(command.number(word), PANEL_SIZE_MAX);
        Some([length(0)?, length(1)?])
    }

    /// Pixels of the visible part of a rectangle around `center`.
    fn visible(&self, center: [f32; 2], size: [f32; 2]) -> usize {
        let picture = [self.width as f32, self.height() as f32];
        let part = [0, 1].map(|axis| {
            let (from, to) = (center[axis] - size[axis] / 2.0, center[axis] + size[axis] / 2.0);
            (to.min(picture[axis]) - from.max(0.0)).max(0.0)
        });
        (part[0] * part[1]) as usize
    }

    fn expose(&mut self) {
        for (y, pixels) in self.pixels.chunks_exact_mut(self.width).enumerate() {
            let layers = self.backdrop.row(y).into_iter().zip(self.trail.row_mut(y)).zip(self.light.row_mut(y));
            for ((out, flash), ((backdrop, trail), light)) in
                self.exposed.iter_mut().zip(self.frame.flash.bytes()).zip(layers)
            {
                expose(out, backdrop, trail, light, flash);
            }
            let [red, green, blue] = &self.exposed;
            weave(pixels, [red, green, blue]);
        }
    }

    fn write(&mut self) {
        let mut sheet = Sheet { pixels: &mut self.pixels, width: self.width };
        for command in &self.ink {
            let Some(corner) = self.camera.pixel(command.x, command.y) else { continue };
            let size = [command.number(0), command.number(1)].map(|length| length * self.camera.scale);
            let width = command.size * self.camera.scale;
            match DrawKind::from_byte(command.kind) {
                Some(DrawKind::Panel) => sheet.fill(Area::nearest(corner, size), command.color),
                Some(DrawKind::Frame) => {
                    sheet.frame(Area::nearest(corner, size), width.round().max(1.0) as i32, command.color);
                }
                Some(DrawKind::Text) => {
                    let (characters, count) = command.characters();
                    for (place, &character) in characters[..count].iter().enumerate() {
                        let column = f32::from(command.column) + place as f32;
                        let pen = [corner[0] + column * TEXT_ADVANCE * width, corner[1]];
                        let glyph = self.glyphs.glyph(character, width);
                        sheet.glyph(glyph, pen.map(|at| at.round() as i32), command.color);
                    }
                }
                _ => {}
            }
        }
    }
}

impl Frame {
    fn new(camera: Camera) -> Self {
        let flash = Tint::new([0; 4]);
        Self { camera, flash, grid: GRID, pixels_left: PIXELS_PER_FRAME_MAX, skipped: 0 }
    }

    /// Takes `pixels` from what is left for this frame, or tells that it is too much.
    fn spend(&mut self, pixels: usize) -> Option<()> {
        self.pixels_left = self.pixels_left.checked_sub(pixels)?;
        Some(())
    }
}

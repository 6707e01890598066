//! The picture: turns a frame's draw commands into pixels.
//!
//! A frame is 1/60 s: [`Canvas::begin`], any number of [`Canvas::draw`], then [`Canvas::finish`]. `draw` checks commands and passes the
//! resulting figures to the [bands](Band) that they touch. `finish` has the bands drawn by the caller and, if a processor is free for it, a
//! second thread.
//!
//! # Invariants
//! 1. Commands are untrusted: one with a non-finite value or one out of range is skipped and never causes a panic.
//! 2. The work of a frame is bounded by [`PIXELS_PER_FRAME_MAX`], [`STROKES_PER_FRAME_MAX`] and [`INK_PER_FRAME_MAX`], whatever the
//!    commands.
//! 3. A frame allocates only if it has more to draw than all before it.
//! 4. The pixels depend only on the commands since [`Canvas::new`], not on bands and threads.
//!
//! # Failure
//! A panic while drawing, on any thread, makes [`Canvas::finish`] panic.

use std::sync::Arc;
use std::thread;

use game_types::draw::{DrawCommand, DrawKind, Shape};

use super::atlas::Atlas;
use super::band::{Assets, Band};
use super::camera::Camera;
use super::crew::Crew;
use super::glyphs::{Font, Glyphs};
use super::ink::{Area, Ink};
use super::lattice::Lattice;
use super::planes::Tint;
use super::span;
use super::stroke::{Figure, Stroke};

/// Pixels that a frame's commands may touch in total; computed pixels count [`COMPUTED`] times.
const PIXELS_PER_FRAME_MAX: usize = 80 << 20;
/// Maximum number of sprites, beams and rings in a frame.
const STROKES_PER_FRAME_MAX: usize = 1 << 16;
/// Maximum number of panels, frames and text commands in a frame.
const INK_PER_FRAME_MAX: usize = 4096;
/// Rows of a band: few enough that two threads finish nearly at the same time, enough that few figures touch several bands.
const BAND_ROWS: usize = 64;
/// Maximum number of threads that draw beside the caller's, if there are processors for them.
const HELPERS_MAX: usize = 1;
/// Processors that no helper uses: the caller's, and one for programs that run beside a game, such as the compiler of its plugins. A helper
/// that has to share its processor makes the worst frames longer, not shorter.
const PROCESSORS_KEPT: usize = 2;
/// Approximate cost of a computed pixel relative to a copied one.
const COMPUTED: usize = 6;
/// In world units.
const SPRITE_SIZE_MAX: f32 = 1024.0;
/// In world units.
const BEAM_WIDTH_MAX: f32 = 64.0;
/// In world units.
const RING_RADIUS_MAX: f32 = 2048.0;
/// In world units.
const TEXT_SIZE_MAX: f32 = 256.0;
/// In world units.
const PANEL_SIZE_MAX: f32 = 4096.0;
/// The grid's colour if no command sets one.
const GRID: [u8; 4] = [45, 75, 190, 255];

/// State that a frame's commands have set so far.
#[derive(Clone, Copy, Debug)]
struct Frame {
    camera: Camera,
    flash: Tint,
    grid: Tint,
    pixels_left: usize,
    strokes_left: usize,
    ink_left: usize,
}

/// The presenter's picture and everything that it is made from.
#[derive(Debug)]
pub(crate) struct Canvas {
    camera: Camera,
    frame: Frame,
    assets: Arc<Assets>,
    lattice: Lattice,
    /// From top to bottom, each with `band_rows` rows except the last.
    bands: Vec<Band>,
    band_rows: usize,
    crew: Crew<Band>,
    size: [usize; 2],
    skipped: u64,
}

impl Canvas {
    /// A dark picture of `width` × `height` pixels, each in `1 ..= 8192` (clamped). Renders all sprites, which takes some tenths of a
    /// second.
    #[must_use]
    pub(crate) fn new(width: u32, height: u32, font: &Font) -> Self {
        let assets = Assets { atlas: Atlas::render(), glyphs: Glyphs::render(font) };
        let processors = thread::available_parallelism().map_or(1, usize::from);
        Self::in_bands(
            width,
            height,
            Arc::new(assets),
            BAND_ROWS,
            HELPERS_MAX.min(processors.saturating_sub(PROCESSORS_KEPT)),
        )
    }

    /// Like [`Self::new`], with existing assets, in bands of `band_rows` rows drawn by this many threads beside the caller's.
    pub(super) fn in_bands(width: u32, height: u32, assets: Arc<Assets>, band_rows: usize, helpers: usize) -> Self {
        let (width, height) = (width.clamp(1, 8192), height.clamp(1, 8192));
        let camera = Camera::new(width, height);
        let size = [width as usize, height as usize];
        let band = |top: usize| Band::new(size, top..(top + band_rows).min(size[1]));
        let shared = Arc::clone(&assets);
        Self {
            camera,
            frame: Frame::new(camera),
            assets,
            lattice: Lattice::new(),
            bands: (0..size[1]).step_by(band_rows).map(band).collect(),
            band_rows,
            crew: Crew::new(helpers, move |band: &mut Band| band.draw(&shared)),
            size,
            skipped: 0,
        }
    }

    /// Number of pixels in a row.
    #[must_use]
    pub(crate) fn width(&self) -> u32 {
        self.size[0] as u32
    }

    /// Number of rows.
    #[must_use]
    pub(crate) fn height(&self) -> u32 {
        self.size[1] as u32
    }

    /// Row `y`, in `0 .. height`, of the last finished frame, as `0x00RRGGBB`.
    #[must_use]
    pub(crate) fn row(&self, y: usize) -> &[u32] {
        self.bands[y / self.band_rows].row(y)
    }

    /// The world position of a pixel position in this picture.
    #[must_use]
    pub(crate) fn world(&self, pixel: [f32; 2]) -> [f32; 2] {
        self.camera.world(pixel)
    }

    /// Number of commands so far that were invalid or exceeded their frame's bounds.
    #[must_use]
    pub(crate) fn skipped(&self) -> u64 {
        self.skipped
    }

    /// Begins a frame. An unfinished frame is discarded.
    pub(crate) fn begin(&mut self) {
        self.frame = Frame::new(self.camera);
        for band in &mut self.bands {
            band.work.clear();
        }
    }

    /// Adds commands to the frame.
    pub(crate) fn draw(&mut self, commands: &[DrawCommand]) {
        for command in commands {
            if self.take(command).is_none() {
                self.skipped += 1;
            }
        }
    }

    /// Ends the frame; [`Self::row`] returns its pixels.
    ///
    /// # Panics
    /// If drawing panicked on the other thread.
    pub(crate) fn finish(&mut self) {
        let Self { lattice, frame, bands, .. } = self;
        lattice.step();
        lattice.lines(&frame.camera, |line| {
            for band in touched(bands, self.band_rows, line.heights()) {
                band.work.hairlines.push(line);
            }
        });
        for band in bands.iter_mut() {
            band.work.flash = frame.flash;
            band.work.grid = frame.grid;
        }
        self.crew.work(bands);
    }

    /// Adds one command; `None` if it is invalid or exceeds the bounds.
    fn take(&mut self, command: &DrawCommand) -> Option<()> {
        match DrawKind::from_byte(command.kind)? {
            DrawKind::Sprite => self.sprite(command),
            DrawKind::Beam => self.beam(command),
            DrawKind::Ring => self.ring(command),
            DrawKind::Panel => self.panel(command),
            DrawKind::Frame => self.frame(command),
            DrawKind::Text => self.text(command),
            DrawKind::Shake => self.shake(command),
            DrawKind::Flash => {
                self.frame.flash = Tint::new(command.color);
                Some(())
            }
            DrawKind::Grid => {
                self.frame.grid = Tint::new(command.color);
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
        let (figure, pixels) = if let Some(cut) = self.assets.atlas.cut(shape, body, angle, center) {
            (Figure::Cut(cut), cut.area())
        } else {
            let side = self.assets.atlas.side(shape, body);
            (Figure::Turned { shape, center, body, angle }, self.visible(center, [side, side]) * COMPUTED)
        };
        self.stroke(figure, pixels, command)
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
        // The strip along the segment, or its part that can be visible.
        let strip = 2.0 * reach * (across[0] + across[1]);
        let pixels = self.visible(middle, across).min(strip as usize) * COMPUTED;
        self.stroke(Figure::Beam { start, end, width, strength }, pixels, command)
    }

    fn ring(&mut self, command: &DrawCommand) -> Option<()> {
        let center = self.frame.camera.pixel(command.x, command.y)?;
        let radius = self.camera.length(command.size, RING_RADIUS_MAX)?;
        let width = self.camera.length(command.number(0), BEAM_WIDTH_MAX)?;
        let reach = span::reach(width);
        let across = 2.0 * (radius + reach);
        let strip = std::f32::consts::TAU * (radius + reach) * 2.0 * reach;
        let pixels = self.visible(center, [across, across]).min(strip as usize) * COMPUTED;
        self.stroke(Figure::Ring { center, radius, width }, pixels, command)
    }

    fn panel(&mut self, command: &DrawCommand) -> Option<()> {
        let (area, pixels) = self.area(command)?;
        self.ink(Ink::Panel(area), pixels, command)
    }

    fn frame(&mut self, command: &DrawCommand) -> Option<()> {
        let border = self.camera.length(command.size, PANEL_SIZE_MAX)?;
        let (area, pixels) = self.area(command)?;
        self.ink(Ink::Frame(area, border.round().max(1.0) as i32), pixels, command)
    }

    fn text(&mut self, command: &DrawCommand) -> Option<()> {
        let corner = self.camera.pixel(command.x, command.y)?;
        let em = self.camera.length(command.size, TEXT_SIZE_MAX)?;
        let (characters, count) = command.characters();
        let text = Ink::Text { corner, em, column: command.column, count: count as u8, characters };
        self.ink(text, (em * em) as usize * count, command)
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

    /// Passes light to the bands that it touches, at a cost of `pixels`.
    fn stroke(&mut self, figure: Figure, pixels: usize, command: &DrawCommand) -> Option<()> {
        self.frame.strokes_left = self.frame.strokes_left.checked_sub(1)?;
        self.frame.spend(pixels)?;
        let stroke = Stroke { figure, tint: Tint::new(command.color) };
        for band in touched(&mut self.bands, self.band_rows, stroke.heights(&self.assets.atlas)) {
            band.work.strokes.push(stroke);
        }
        Some(())
    }

    /// Passes ink to the bands that it touches, at a cost of `pixels`.
    fn ink(&mut self, ink: Ink, pixels: usize, command: &DrawCommand) -> Option<()> {
        self.frame.ink_left = self.frame.ink_left.checked_sub(1)?;
        self.frame.spend(pixels.min(self.size[0] * self.size[1]) * COMPUTED)?;
        for band in touched(&mut self.bands, self.band_rows, ink.heights()) {
            band.work.ink.push((ink, command.color));
        }
        Some(())
    }

    /// The area of a panel or frame, and its number of pixels.
    fn area(&self, command: &DrawCommand) -> Option<(Area, usize)> {
        let corner = self.camera.pixel(command.x, command.y)?;
        let length = |word| self.camera.length(command.number(word), PANEL_SIZE_MAX);
        let size = [length(0)?, length(1)?];
        Some((Area::nearest(corner, size), (size[0] * size[1]) as usize))
    }

    /// Number of pixels in the visible part of a rectangle around `center`.
    fn visible(&self, center: [f32; 2], size: [f32; 2]) -> usize {
        let part = [0, 1].map(|axis| {
            let (from, to) = (center[axis] - size[axis] / 2.0, center[axis] + size[axis] / 2.0);
            (to.min(self.size[axis] as f32) - from.max(0.0)).max(0.0)
        });
        (part[0] * part[1]) as usize
    }
}

impl Frame {
    fn new(camera: Camera) -> Self {
        Self {
            camera,
            flash: Tint::NONE,
            grid: Tint::new(GRID),
            pixels_left: PIXELS_PER_FRAME_MAX,
            strokes_left: STROKES_PER_FRAME_MAX,
            ink_left: INK_PER_FRAME_MAX,
        }
    }

    /// Subtracts `pixels` from the rest of this frame's bound; `None` if they exceed it.
    fn spend(&mut self, pixels: usize) -> Option<()> {
        self.pixels_left = self.pixels_left.checked_sub(pixels)?;
        Some(())
    }
}

/// The bands, each with `band_rows` rows, between two heights in pixels.
fn touched(bands: &mut [Band], band_rows: usize, [top, bottom]: [f32; 2]) -> &mut [Band] {
    // Saturates: positions above the picture's upper edge become zero.
    let (first, end) = (top as usize / band_rows, (bottom.max(0.0).ceil() as usize).div_ceil(band_rows));
    let end = end.min(bands.len());
    &mut bands[first.min(end)..end]
}

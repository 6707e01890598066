//! One figure of light in pixels: valid, finite, ready to be added to any rows of the picture.

use game_types::draw::Shape;

use super::atlas::{Atlas, Cut};
use super::planes::{Planes, Tint};
use super::span::{self, Scratch};

/// A figure and its colour.
#[derive(Clone, Copy, Debug)]
pub(super) struct Stroke {
    pub(super) figure: Figure,
    pub(super) tint: Tint,
}

/// A figure; all lengths are in pixels.
#[derive(Clone, Copy, Debug)]
pub(super) enum Figure {
    /// A ready mask.
    Cut(Cut),
    /// A shape that is turned and scaled.
    Turned { shape: Shape, center: [f32; 2], body: f32, angle: f32 },
    /// A segment; see [`span::beam`].
    Beam { start: [f32; 2], end: [f32; 2], width: f32, strength: f32 },
    /// A circle.
    Ring { center: [f32; 2], radius: f32, width: f32 },
}

const _: () = assert!(size_of::<Stroke>() == 32, "many are copied each frame");

impl Stroke {
    /// The rows that it may touch.
    pub(super) fn heights(&self, atlas: &Atlas) -> [f32; 2] {
        let around = |y: f32, reach: f32| [y - reach - 1.0, y + reach + 1.0];
        match self.figure {
            Figure::Cut(cut) => [cut.top as f32, cut.top as f32 + f32::from(cut.height)],
            Figure::Turned { shape, center, body, .. } => around(center[1], atlas.side(shape, body) / 2.0),
            Figure::Beam { start, end, width, .. } => {
                let (middle, half) = ((start[1] + end[1]) / 2.0, (start[1] - end[1]).abs() / 2.0);
                around(middle, half + span::reach(width))
            }
            Figure::Ring { center, radius, width } => around(center[1], radius + span::reach(width)),
        }
    }

    /// Adds its light.
    pub(super) fn draw(&self, planes: &mut Planes, scratch: &mut Scratch, atlas: &Atlas) {
        let tint = self.tint;
        match self.figure {
            Figure::Cut(cut) => planes.stamp(atlas.light(&cut), usize::from(cut.width), cut.left, cut.top, tint),
            Figure::Turned { shape, center, body, angle } => {
                span::sprite(planes, scratch, atlas.original(shape, body), center, body, angle, tint);
            }
            Figure::Beam { start, end, width, strength } => {
                span::beam(planes, scratch, start, end, width, strength, tint);
            }
            Figure::Ring { center, radius, width } => span::ring(planes, scratch, center, radius, width, tint),
        }
    }
}

//! Conversion from world units to pixels and back.
//!
//! World: x right, y up, the view centred at the origin. Pixels: x right, y down, (0, 0) at the upper left corner.

use game_types::draw::{VIEW_HEIGHT, VIEW_WIDTH};

/// Distance from the origin, in world units, beyond which nothing is drawn.
const REACH: f32 = 16_384.0;

/// A uniform scale that fits the view into a picture.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct Camera {
    /// Pixels per world unit, positive.
    pub(super) scale: f32,
    center: [f32; 2],
}

impl Camera {
    /// The camera of a picture of `width` × `height` pixels.
    pub(super) fn new(width: u32, height: u32) -> Self {
        let (width, height) = (width as f32, height as f32);
        let scale = (width / VIEW_WIDTH).min(height / VIEW_HEIGHT);
        Self { scale, center: [width / 2.0, height / 2.0] }
    }

    /// This camera moved by `offset` world units.
    pub(super) fn moved(self, offset: [f32; 2]) -> Self {
        let [x, y] = self.center;
        Self { center: [x - offset[0] * self.scale, y + offset[1] * self.scale], ..self }
    }

    /// The pixel position of a world point; `None` if it is not finite or too far away.
    pub(super) fn pixel(&self, x: f32, y: f32) -> Option<[f32; 2]> {
        let near = x.abs() <= REACH && y.abs() <= REACH;
        near.then(|| [self.center[0] + x * self.scale, self.center[1] - y * self.scale])
    }

    /// The world position of a pixel.
    pub(super) fn world(&self, pixel: [f32; 2]) -> [f32; 2] {
        [(pixel[0] - self.center[0]) / self.scale, (self.center[1] - pixel[1]) / self.scale]
    }

    /// A length in world units as pixels; `None` unless it lies in `0.0 < length <= max`.
    pub(super) fn length(&self, length: f32, max: f32) -> Option<f32> {
        (length > 0.0 && length <= max).then_some(length * self.scale)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_corners_of_the_view_are_the_corners_of_the_picture() {
        let camera = Camera::new(1280, 720);
        assert_eq!(camera.pixel(-640.0, 360.0), Some([0.0, 0.0]));
        assert_eq!(camera.pixel(640.0, -360.0), Some([1280.0, 720.0]));
        assert_eq!(camera.world([1280.0, 0.0]), [640.0, 360.0]);
        assert_eq!(camera.pixel(f32::NAN, 0.0), None);
        assert_eq!(camera.length(f32::NAN, 10.0), None);
        assert_eq!(camera.length(-1.0, 10.0), None);
    }

    #[test]
    fn a_small_picture_shows_the_whole_view() {
        let camera = Camera::new(320, 180);
        assert_eq!(camera.pixel(640.0, -360.0), Some([320.0, 180.0]));
    }
}

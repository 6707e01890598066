//! The shapes of sprites, as vector paths.
//!
//! A path fits into the circle of radius 1 around the origin and points along +x; y is up.

use std::f32::consts::TAU;

use game_types::draw::Shape;
use tiny_skia::{Path, PathBuilder};

/// A shape's rotational symmetry, and how it is filled.
#[derive(Clone, Copy, Debug)]
pub(super) struct Outline {
    /// Rotations by `TAU / symmetry` change nothing; positive.
    pub(super) symmetry: u16,
    /// Light of the inside, in 1/64.
    pub(super) fill: f32,
    /// Light of the lines, relative to the default.
    pub(super) line: f32,
    /// Light of the halo around the lines, relative to the default.
    pub(super) halo: f32,
}

/// The outline of a shape that has lines; `None` for the round ones, which are only gradients.
pub(super) fn outline(shape: Shape) -> Option<Outline> {
    let (symmetry, fill, line, halo) = match shape {
        Shape::Ship => (1, 7.0, 0.95, 0.75),
        Shape::Dart => (1, 14.0, 1.0, 1.0),
        Shape::Diamond => (2, 10.0, 1.0, 1.0),
        Shape::Pinwheel => (4, 14.0, 0.9, 0.9),
        Shape::Square => (4, 4.0, 0.9, 0.9),
        Shape::Hexagon => (6, 5.0, 0.9, 0.8),
        Shape::Bullet => (1, 64.0, 0.9, 0.8),
        Shape::Spark => (2, 60.0, 1.0, 0.9),
        Shape::Particle | Shape::Halo | Shape::Glow => return None,
    };
    Some(Outline { symmetry, fill, line, halo })
}

/// The path of a shape that has an outline; never empty.
pub(super) fn path(shape: Shape) -> Option<Path> {
    let mut path = PathBuilder::new();
    match shape {
        Shape::Ship => polygon(
            &mut path,
            &[
                (0.92, 0.34),
                (0.1, 0.86),
                (-0.72, 0.0),
                (0.1, -0.86),
                (0.92, -0.34),
                (0.18, -0.46),
                (-0.2, 0.0),
                (0.18, 0.46),
            ],
        ),
        Shape::Dart => polygon(&mut path, &[(0.95, 0.0), (-0.75, 0.62), (-0.35, 0.0), (-0.75, -0.62)]),
        Shape::Diamond => {
            polygon(&mut path, &[(0.95, 0.0), (0.0, 0.62), (-0.95, 0.0), (0.0, -0.62)]);
            polygon(&mut path, &[(0.42, 0.0), (0.0, 0.27), (-0.42, 0.0), (0.0, -0.27)]);
        }
        Shape::Pinwheel => {
            for quarter in 0..4 {
                let turn = |x: f32, y: f32| (0..quarter).fold((x, y), |(x, y), _| (-y, x));
                polygon(&mut path, &[(0.0, 0.0), turn(0.9, 0.0), turn(0.45, 0.45)]);
            }
        }
        Shape::Square => {
            polygon(&mut path, &[(0.66, 0.66), (-0.66, 0.66), (-0.66, -0.66), (0.66, -0.66)]);
            polygon(&mut path, &[(0.66, 0.0), (0.0, 0.66), (-0.66, 0.0), (0.0, -0.66)]);
        }
        Shape::Hexagon => {
            let corners: [(f32, f32); 6] = std::array::from_fn(|corner| {
                let (y, x) = (corner as f32 * TAU / 6.0).sin_cos();
                (x * 0.92, y * 0.92)
            });
            polygon(&mut path, &corners);
            polygon(&mut path, &corners.map(|(x, y)| (x * 0.4, y * 0.4)));
            for (x, y) in corners {
                path.move_to(x * 0.4, y * 0.4);
                path.line_to(x, y);
            }
        }
        Shape::Bullet => polygon(&mut path, &[(0.9, 0.0), (0.55, 0.2), (-0.85, 0.06), (-0.85, -0.06), (0.55, -0.2)]),
        Shape::Spark => polygon(&mut path, &[(0.9, 0.0), (0.0, 0.06), (-0.9, 0.0), (0.0, -0.06)]),
        Shape::Particle | Shape::Halo | Shape::Glow => return None,
    }
    path.finish()
}

fn polygon(path: &mut PathBuilder, corners: &[(f32, f32)]) {
    for (index, &(x, y)) in corners.iter().enumerate() {
        if index == 0 { path.move_to(x, y) } else { path.line_to(x, y) }
    }
    path.close();
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_outlined_shape_has_a_path_within_the_unit_circle() {
        for shape in Shape::ALL {
            assert_eq!(outline(shape).is_some(), path(shape).is_some(), "{shape:?}");
            for point in path(shape).iter().flat_map(|path| path.points()) {
                assert!(point.x.hypot(point.y) <= 1.0, "{shape:?} at {point:?}");
            }
        }
    }
}

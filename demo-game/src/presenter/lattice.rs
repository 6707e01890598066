//! The backdrop's grid: a net of springs that explosions push and that swings back.
//!
//! # Invariants
//! 1. The nodes of the rim never move.
//! 2. Every offset stays within [`OFFSET_MAX`], every speed within [`SPEED_MAX`]: pushes are untrusted.
//! 3. Without pushes the net comes to rest exactly, with all offsets zero.

use game_types::draw::{VIEW_HEIGHT, VIEW_WIDTH};

use super::camera::Camera;
use super::hairline::Hairline;

/// Distance between neighbouring nodes, in world units.
const SPACING: f32 = 20.0;
/// Rows and columns of nodes per line of the grid.
const NODES_PER_LINE: usize = 2;
/// Every so many lines, one is brighter.
const LINES_PER_MAJOR: usize = 4;
const COLUMNS: usize = VIEW_WIDTH as usize / SPACING as usize + 5;
const ROWS: usize = VIEW_HEIGHT as usize / SPACING as usize + 5;
/// In world units.
const OFFSET_MAX: f32 = 70.0;
/// In world units per frame.
const SPEED_MAX: f32 = 16.0;
/// Pull towards the neighbours' mean, per frame².
const COUPLING: f32 = 0.34;
/// Pull towards a node's own place, per frame².
const RETURN: f32 = 0.012;
/// Factor of the speed per frame.
const DAMPING: f32 = 0.93;
/// Offset in world units and speed in units per frame below which the whole net is put to rest.
const REST: f32 = 0.03;

#[derive(Clone, Copy, Debug, Default, PartialEq)]
struct Node {
    offset: [f32; 2],
    speed: [f32; 2],
}

/// The net.
#[derive(Debug)]
pub(super) struct Lattice {
    nodes: Vec<Node>,
    next: Vec<Node>,
    resting: bool,
}

impl Lattice {
    /// A net at rest.
    pub(super) fn new() -> Self {
        let nodes = vec![Node::default(); COLUMNS * ROWS];
        Self { next: nodes.clone(), nodes, resting: true }
    }

    /// Maximum number of nodes that a push of this radius in world units visits.
    pub(super) fn nodes_within(radius: f32) -> usize {
        let across = (2.0 * radius / SPACING) as usize + 2;
        across.min(COLUMNS) * across.min(ROWS)
    }

    /// Pushes the nodes within `radius` away from `(x, y)`; at the centre by `strength` units per frame.
    pub(super) fn push(&mut self, x: f32, y: f32, radius: f32, strength: f32) {
        let span = |center: f32, first: f32, count: usize| {
            let index = |at: f32| ((at - first) / SPACING).clamp(1.0, (count - 1) as f32) as usize;
            index(center - radius)..index(center + radius + SPACING)
        };
        let strength = strength.clamp(-SPEED_MAX, SPEED_MAX);
        for row in span(y, rest_position(0, 0)[1], ROWS) {
            for column in span(x, rest_position(0, 0)[0], COLUMNS) {
                let node = &mut self.nodes[row * COLUMNS + column];
                let rest = rest_position(column, row);
                let away = [rest[0] + node.offset[0] - x, rest[1] + node.offset[1] - y];
                let distance = away[0].hypot(away[1]).max(1.0);
                let push = strength * (1.0 - distance / radius).max(0.0);
                for (speed, away) in node.speed.iter_mut().zip(away) {
                    *speed = (*speed + away / distance * push).clamp(-SPEED_MAX, SPEED_MAX);
                }
            }
        }
        self.resting = false;
    }

    /// Advances by one frame.
    pub(super) fn step(&mut self) {
        if self.resting {
            return;
        }
        let mut liveliest = 0.0_f32;
        for row in 1..ROWS - 1 {
            for column in 1..COLUMNS - 1 {
                let at = row * COLUMNS + column;
                let neighbours = [at - 1, at + 1, at - COLUMNS, at + COLUMNS].map(|at| self.nodes[at].offset);
                let node = self.nodes[at].moved(neighbours);
                liveliest = node.offset.iter().chain(&node.speed).fold(liveliest, |most, part| most.max(part.abs()));
                self.next[at] = node;
            }
        }
        std::mem::swap(&mut self.nodes, &mut self.next);
        if liveliest < REST {
            self.nodes.fill(Node::default());
            self.next.fill(Node::default());
            self.resting = true;
        }
    }

    /// The grid's lines as seen by `camera`, brighter where they are bent.
    pub(super) fn lines(&self, camera: &Camera, mut line: impl FnMut(Hairline)) {
        let brightness =
            |line: usize| if line.is_multiple_of(NODES_PER_LINE * LINES_PER_MAJOR) { 17.0_f32 } else { 9.0 };
        for row in (0..ROWS).step_by(NODES_PER_LINE) {
            let nodes = (0..COLUMNS).map(|column| [column, row]);
            self.line(camera, nodes, brightness(row), &mut line);
        }
        for column in (0..COLUMNS).step_by(NODES_PER_LINE) {
            let nodes = (0..ROWS).map(|row| [column, row]);
            self.line(camera, nodes, brightness(column), &mut line);
        }
    }

    /// Segments from node to node.
    fn line(
        &self,
        camera: &Camera,
        nodes: impl Iterator<Item = [usize; 2]>,
        light: f32,
        line: &mut impl FnMut(Hairline),
    ) {
        let mut last: Option<([f32; 2], f32)> = None;
        for node in nodes {
            let (place, bend) = self.position(node);
            let next = camera.pixel(place[0], place[1]).map(|pixel| (pixel, bend));
            if let (Some((start, bend)), Some((end, _))) = (last, next) {
                line(Hairline { start, end, light: (light + bend * 2.0).min(90.0) as u8 });
            }
            last = next;
        }
    }

    /// A node's position, and its distance from its place.
    fn position(&self, [column, row]: [usize; 2]) -> ([f32; 2], f32) {
        let offset = self.nodes[row * COLUMNS + column].offset;
        let rest = rest_position(column, row);
        ([rest[0] + offset[0], rest[1] + offset[1]], offset[0].abs() + offset[1].abs())
    }
}

impl Node {
    fn moved(self, neighbours: [[f32; 2]; 4]) -> Self {
        let mut moved = self;
        for axis in 0..2 {
            let mean = neighbours.iter().map(|offset| offset[axis]).sum::<f32>() / 4.0;
            let pull = (mean - self.offset[axis]) * COUPLING - self.offset[axis] * RETURN;
            let speed = ((self.speed[axis] + pull) * DAMPING).clamp(-SPEED_MAX, SPEED_MAX);
            moved.speed[axis] = speed;
            moved.offset[axis] = (self.offset[axis] + speed).clamp(-OFFSET_MAX, OFFSET_MAX);
        }
        moved
    }
}

/// A node's position at rest, in the world. The grid is centred and has two rows of nodes outside the view on each side.
fn rest_position(column: usize, row: usize) -> [f32; 2] {
    let at = |index: usize, count: usize| (index as f32 - (count - 1) as f32 / 2.0) * SPACING;
    [at(column, COLUMNS), at(row, ROWS)]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pushed_net_comes_to_rest_exactly() {
        let mut lattice = Lattice::new();
        for _ in 0..200 {
            lattice.push(13.0, -40.0, 300.0, 1e9);
        }
        lattice.push(1e4, 1e4, 1.0, 5.0);
        assert_ne!(lattice.nodes, Lattice::new().nodes);
        let mut frames = 0;
        while !lattice.resting {
            lattice.step();
            frames += 1;
            assert!(frames < 600, "still swinging");
        }
        assert_eq!(lattice.nodes, Lattice::new().nodes);
    }
}

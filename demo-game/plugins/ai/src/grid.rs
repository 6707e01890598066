//! A uniform grid over the arena: finds neighbours in time linear in the number of agents.
//!
//! Agents are sorted by cell (a stable counting sort). A cell is as wide as the reach, so all agents within reach are in the 3 × 3 cells
//! around. Agents outside the arena belong to the cells at its edge. The grid owns no memory.
//!
//! ```text
//! starts: [0, 2, 2, 5, …, n]    cell c holds sorted[starts[c] .. starts[c + 1]]
//! sorted: [a, b | c, d, e | …]
//! ```
//!
//! # Invariants
//! 1. `starts` ascends from 0 to `sorted.len()` and has one entry more than cells.
//! 2. In each cell, [`Grid::neighbours`] visits at most [`CELL_VISITS_MAX`] agents, evenly picked: this bounds the cost of a crowd and
//!    favours no direction.

use core::ops::Range;

use game_types::{HALF_HEIGHT, HALF_WIDTH};

/// See invariant 2.
pub(crate) const CELL_VISITS_MAX: usize = 5;

/// The data of an enemy that other enemies read.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct Agent {
    /// Position, in units.
    pub(crate) x: f32,
    /// Position, in units.
    pub(crate) y: f32,
    /// Direction of flight, of length 0 or 1.
    pub(crate) heading: [f32; 2],
    /// Index in the caller's order of agents.
    pub(crate) index: u32,
}

/// Size of a grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct Extent {
    columns: usize,
    rows: usize,
    /// Side of a cell, in units.
    reach: f32,
}

impl Extent {
    /// Size of a grid whose agents see `reach` units far.
    pub(crate) fn new(reach: f32) -> Self {
        let cells = |half: f32| (2.0 * half / reach).floor().max(1.0) as usize;
        Self { columns: cells(HALF_WIDTH), rows: cells(HALF_HEIGHT), reach }
    }

    pub(crate) fn cells(&self) -> usize {
        self.columns * self.rows
    }

    fn column(&self, x: f32) -> usize {
        (((x + HALF_WIDTH) / (2.0 * HALF_WIDTH) * self.columns as f32) as usize).min(self.columns - 1)
    }

    fn row(&self, y: f32) -> usize {
        (((y + HALF_HEIGHT) / (2.0 * HALF_HEIGHT) * self.rows as f32) as usize).min(self.rows - 1)
    }

    fn cell(&self, x: f32, y: f32) -> usize {
        self.row(y) * self.columns + self.column(x)
    }
}

/// Agents by cell.
#[derive(Debug)]
pub(crate) struct Grid<'a> {
    extent: Extent,
    starts: &'a [u32],
    sorted: &'a [Agent],
}

impl<'a> Grid<'a> {
    /// Sorts `agents` into `sorted`.
    ///
    /// # Panics
    /// Unless `starts` has `extent.cells() + 1` entries, all 0, and `sorted` is as long as `agents`.
    pub(crate) fn build(extent: Extent, agents: &[Agent], starts: &'a mut [u32], sorted: &'a mut [Agent]) -> Self {
        assert_eq!((starts.len(), sorted.len()), (extent.cells() + 1, agents.len()));
        for agent in agents {
            starts[extent.cell(agent.x, agent.y) + 1] += 1;
        }
        for cell in 0..extent.cells() {
            starts[cell + 1] += starts[cell];
        }
        // Counting moves each start up to its cell's end, which is the next cell's start; so starts are read one place lower afterwards.
        for agent in agents {
            let next = &mut starts[extent.cell(agent.x, agent.y)];
            sorted[*next as usize] = *agent;
            *next += 1;
        }
        starts.copy_within(0..extent.cells(), 1);
        starts[0] = 0;
        Self { extent, starts, sorted }
    }

    /// How far agents see, in units.
    pub(crate) fn reach(&self) -> f32 {
        self.extent.reach
    }

    /// All agents, cell by cell.
    pub(crate) fn agents(&self) -> &'a [Agent] {
        self.sorted
    }

    /// Calls `visit(other, distance squared)` for nearly all agents within reach of `of`, except itself (invariant 2).
    #[inline]
    pub(crate) fn neighbours(&self, of: &Agent, mut visit: impl FnMut(&Agent, f32)) {
        let reach_squared = self.extent.reach * self.extent.reach;
        for cell in self.block(of.x, of.y, self.extent.reach) {
            let members = self.members(cell);
            let step = members.len().div_ceil(CELL_VISITS_MAX).max(1);
            for other in members.iter().step_by(step) {
                let squared = (other.x - of.x).powi(2) + (other.y - of.y).powi(2);
                if squared < reach_squared && other.index != of.index {
                    visit(other, squared);
                }
            }
        }
    }

    /// Calls `visit` for every agent within `radius` of a point.
    pub(crate) fn within(&self, x: f32, y: f32, radius: f32, mut visit: impl FnMut(&Agent)) {
        for cell in self.block(x, y, radius) {
            for agent in self.members(cell) {
                if (agent.x - x).powi(2) + (agent.y - y).powi(2) < radius * radius {
                    visit(agent);
                }
            }
        }
    }

    fn members(&self, cell: usize) -> &'a [Agent] {
        &self.sorted[self.starts[cell] as usize..self.starts[cell + 1] as usize]
    }

    fn block(&self, x: f32, y: f32, radius: f32) -> impl Iterator<Item = usize> + use<> {
        let Extent { columns, .. } = self.extent;
        let across: Range<usize> = self.extent.column(x - radius)..self.extent.column(x + radius) + 1;
        let down = self.extent.row(y - radius)..self.extent.row(y + radius) + 1;
        down.flat_map(move |row| across.clone().map(move |column| row * columns + column))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Agents scattered by a small LCG, some of them outside the arena.
    fn strewn(count: u32, spread: f32) -> Vec<Agent> {
        let mut state = 12345_u32;
        let mut unit = || {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            (state >> 8) as f32 / 8_388_608.0 - 1.0
        };
        (0..count)
            .map(|index| {
                let (x, y) = (unit() * HALF_WIDTH * spread, unit() * HALF_HEIGHT * spread);
                Agent { x, y, heading: [1.0, 0.0], index }
            })
            .collect()
    }

    fn with_grid<T>(agents: &[Agent], reach: f32, look: impl FnOnce(&Grid<'_>) -> T) -> T {
        let extent = Extent::new(reach);
        let (mut starts, mut sorted) = (vec![0; extent.cells() + 1], vec![Agent::default(); agents.len()]);
        look(&Grid::build(extent, agents, &mut starts, &mut sorted))
    }

    fn naive(agents: &[Agent], of: &Agent, reach: f32) -> Vec<u32> {
        let near = |other: &&Agent| {
            other.index != of.index && (other.x - of.x).powi(2) + (other.y - of.y).powi(2) < reach * reach
        };
        agents.iter().filter(near).map(|agent| agent.index).collect()
    }

    #[test]
    fn neighbours_are_those_of_the_naive_search_while_cells_are_not_crowded() {
        let agents = strewn(300, 1.1);
        for reach in [20.0, 48.0, 90.0] {
            with_grid(&agents, reach, |grid| {
                let mut crowded = false;
                for of in grid.agents() {
                    crowded |= grid.block(of.x, of.y, reach).any(|cell| grid.members(cell).len() > CELL_VISITS_MAX);
                    let mut found = Vec::new();
                    grid.neighbours(of, |other, _| found.push(other.index));
                    found.sort_unstable();
                    if !crowded {
                        assert_eq!(found, naive(&agents, of, reach));
                    }
                    crowded = false;
                }
            });
        }
    }

    #[test]
    fn within_is_exact_even_in_a_crowd() {
        let agents = strewn(2_000, 0.1);
        with_grid(&agents, 40.0, |grid| {
            let center = Agent { index: u32::MAX, ..agents[7] };
            let mut found = Vec::new();
            grid.within(center.x, center.y, 25.0, |agent| found.push(agent.index));
            found.sort_unstable();
            assert_eq!(found, naive(&agents, &center, 25.0));
        });
    }

    #[test]
    fn every_agent_is_in_exactly_one_cell_and_the_sort_is_stable() {
        let agents = strewn(1_000, 2.0);
        with_grid(&agents, 30.0, |grid| {
            let mut seen: Vec<_> = grid.agents().iter().map(|agent| agent.index).collect();
            for cell in 0..grid.extent.cells() {
                assert!(grid.members(cell).is_sorted_by_key(|agent| agent.index));
            }
            seen.sort_unstable();
            assert!(seen.into_iter().eq(0..1_000));
        });
    }

    #[test]
    fn a_crowd_on_one_spot_costs_a_bounded_number_of_visits() {
        let agents: Vec<_> = (0..5_000).map(|index| Agent { index, ..Agent::default() }).collect();
        with_grid(&agents, 48.0, |grid| {
            let mut visits = 0;
            grid.neighbours(&agents[0], |_, _| visits += 1);
            assert!((1..=9 * CELL_VISITS_MAX).contains(&visits), "{visits}");
        });
    }
}

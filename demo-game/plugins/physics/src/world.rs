//! The arena's bodies: rapier2d, kept in sync with the game's entities.
//!
//! One tick is [`Simulation::sync`] → [`Simulation::step`] → [`Simulation::motions`] and [`Simulation::contacts`]. This module knows entity
//! ids, circles and velocities, but nothing of plugins, columns or topics. Units are view units (one pixel at 1280×720) from the arena's
//! middle, and seconds; there is no gravity.
//!
//! ```text
//! inputs (any order) ──sort by id──► rows (ascending id) ──► bodies, colliders
//!        slots[place of input] = row ◄──┘                        │ step
//! motions: one per input, in input order ◄───────────────────────┘
//! ```
//!
//! # Content of a snapshot
//! Serde saves rapier's islands, broad phase, narrow phase, bodies and colliders, and the rows. It doesn't save the pipeline, CCD solver
//! and scratch (only workspace), joints and soft bodies (there are none), integration parameters (constants of this file, so that an edited
//! constant takes effect at once) and the last contacts.
//!
//! # Invariants
//! 1. `rows` is strictly ascending by id, and every row's body and collider are alive.
//! 2. Rapier's input depends on the *set* of inputs, never on their order: rows are inserted, steered and removed in ascending id order.
//! 3. A simulation restored from a snapshot continues bit for bit like the saved one, and saves the same bytes.
//! 4. No non-finite number reaches rapier.
//! 5. Without bodies the simulation equals a new one, so a restarted game replays like a first one.
//!
//! # Failure
//! No function returns an error. Non-finite or absurd inputs are clamped; of inputs with the same id the first counts.

mod body;
mod contact;
#[cfg(test)]
mod tests;

use std::{fmt, mem};

use rapier2d::prelude::*;
use serde::{Deserialize, Serialize};

pub(crate) use self::body::{BodyInput, BodyKind, Motion};
use self::body::{HALF, Tag};
use self::contact::ContactCollector;
pub(crate) use self::contact::ContactStart;

/// Number of view units that rapier takes for a metre: about a small enemy. Scales its margins and slop.
const LENGTH_UNIT: f32 = 20.0;
/// Solver iterations per step: enough for jostling circles, half of rapier's default for stacks.
const SOLVER_ITERATIONS: usize = 2;
/// Half the thickness of the walls that surround the arena.
const WALL_HALF_THICKNESS: f32 = 100.0;

/// The physics of one arena; the module's documentation lists its guarantees.
#[derive(Serialize, Deserialize)]
pub(crate) struct Simulation {
    islands: IslandManager,
    broad_phase: BroadPhaseBvh,
    narrow_phase: NarrowPhase,
    bodies: RigidBodySet,
    colliders: ColliderSet,
    rows: Vec<Row>,
    #[serde(skip, default = "integration_parameters")]
    parameters: IntegrationParameters,
    #[serde(skip)]
    absent: Absent,
    #[serde(skip)]
    scratch: Scratch,
    #[serde(skip)]
    contacts: Vec<ContactStart>,
}

/// One entity's body. In `rows`, ascending by id.
#[derive(Clone, Copy, Serialize, Deserialize)]
struct Row {
    id: u64,
    body: RigidBodyHandle,
    collider: ColliderHandle,
    kind: BodyKind,
    radius: f32,
}

/// Parameters that rapier requires and this game has none of, and its workspaces.
#[derive(Default)]
struct Absent {
    pipeline: PhysicsPipeline,
    ccd: CCDSolver,
    impulse_joints: ImpulseJointSet,
    multibody_joints: MultibodyJointSet,
    soft_bodies: SoftBodySet,
}

/// Buffers that keep their capacity between ticks; only `slots` outlives a call.
#[derive(Default)]
struct Scratch {
    inputs: Vec<BodyInput>,
    /// `(id, index in inputs)`, ascending.
    order: Vec<(u64, u32)>,
    /// The row of each input of the last sync, in `0 .. rows.len()`.
    slots: Vec<u32>,
    former: Vec<Row>,
    collector: ContactCollector,
}

impl Simulation {
    /// An empty arena.
    pub(crate) fn new() -> Self {
        let mut colliders = ColliderSet::new();
        for wall in walls() {
            colliders.insert(wall);
        }
        Self {
            islands: IslandManager::new(),
            broad_phase: BroadPhaseBvh::new(),
            narrow_phase: NarrowPhase::new(),
            bodies: RigidBodySet::new(),
            colliders,
            rows: Vec::new(),
            parameters: integration_parameters(),
            absent: Absent::default(),
            scratch: Scratch::default(),
            contacts: Vec::new(),
        }
    }

    /// Synchronizes the bodies with `inputs`, which contains every living entity once, in any order.
    ///
    /// New ids get a body; ids that are gone lose theirs. A body steers toward its input's velocity. It keeps its position, unless the
    /// input's differs from what [`Self::motions`] last returned: then it is moved there, so callers write positions back unchanged.
    pub(crate) fn sync(&mut self, inputs: impl IntoIterator<Item = BodyInput>) {
        self.gather(inputs);
        let order = mem::take(&mut self.scratch.order);
        let mut former = mem::replace(&mut self.rows, mem::take(&mut self.scratch.former));
        let mut old = former.drain(..).peekable();

        for &(id, place) in &order {
            while let Some(gone) = old.next_if(|row| row.id < id) {
                self.remove(gone);
            }
            let known = old.next_if(|row| row.id == id);
            if self.rows.last().is_none_or(|row| row.id != id) {
                let input = self.scratch.inputs[place as usize];
                let row = self.place(known, input);
                self.rows.push(row);
            }
            self.scratch.slots[place as usize] = self.rows.len() as u32 - 1;
        }
        let had_more = old.peek().is_some();
        old.for_each(|gone| self.remove(gone));
        if had_more && self.rows.is_empty() {
            self.forget();
        }
        self.scratch.order = order;
        self.scratch.former = former;
    }

    /// Advances by `dt` seconds and collects contacts that begin.
    pub(crate) fn step(&mut self, dt: f32) {
        self.parameters.dt = dt;
        self.absent.pipeline.step(
            Vector::ZERO,
            &self.parameters,
            &mut self.islands,
            &mut self.broad_phase,
            &mut self.narrow_phase,
            &mut self.bodies,
            &mut self.colliders,
            &mut self.absent.impulse_joints,
            &mut self.absent.multibody_joints,
            &mut self.absent.soft_bodies,
            &mut self.absent.ccd,
            &(),
            &self.scratch.collector,
        );
        self.scratch.collector.drain_sorted(&mut self.contacts);
    }

    /// Position and velocity of each body of the last [`Self::sync`], in the order of its inputs.
    pub(crate) fn motions(&self) -> impl ExactSizeIterator<Item = Motion> {
        self.scratch.slots.iter().map(|&slot| self.motion_of(&self.rows[slot as usize]))
    }

    /// Position of the body of entity `id`; `None` if it has none. A binary search: loops should use [`Self::motions`].
    #[cfg(test)]
    pub(crate) fn motion(&self, id: u64) -> Option<Motion> {
        let at = self.rows.binary_search_by_key(&id, |row| row.id).ok()?;
        Some(self.motion_of(&self.rows[at]))
    }

    /// The contacts that began in the last step: by `a`, for one `a` in the order in which it meets them, then by `b`.
    pub(crate) fn contacts(&self) -> &[ContactStart] {
        &self.contacts
    }

    /// Number of entities that have a body.
    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    fn gather(&mut self, inputs: impl IntoIterator<Item = BodyInput>) {
        let Scratch { inputs: list, order, slots, .. } = &mut self.scratch;
        list.clear();
        list.extend(inputs.into_iter().map(BodyInput::clamped));
        order.clear();
        order.extend(list.iter().zip(0..).map(|(input, place)| (input.id, place)));
        order.sort_unstable();
        slots.clear();
        slots.resize(list.len(), 0);
    }

    fn place(&mut self, known: Option<Row>, input: BodyInput) -> Row {
        match known {
            Some(row) if row.kind == input.kind => self.steer(row, input),
            Some(row) => {
                self.remove(row);
                self.insert(input)
            }
            None => self.insert(input),
        }
    }

    fn insert(&mut self, input: BodyInput) -> Row {
        let BodyInput { id, kind, radius, .. } = input;
        let body = self.bodies.insert(input.body());
        let collider = self.colliders.insert_with_parent(input.collider(), body, &mut self.bodies);
        Row { id, body, collider, kind, radius }
    }

    fn remove(&mut self, row: Row) {
        let Absent { impulse_joints, multibody_joints, soft_bodies, .. } = &mut self.absent;
        self.bodies.remove(
            row.body,
            &mut self.islands,
            &mut self.colliders,
            impulse_joints,
            multibody_joints,
            soft_bodies,
            true,
        );
    }

    fn steer(&mut self, row: Row, input: BodyInput) -> Row {
        let body = &self.bodies[row.body];
        let velocity = input.steered(body.translation(), body.linvel());
        let turned = velocity != body.linvel();
        let moved = input.position_is_known() && input.position() != body.translation();
        if turned || moved {
            let body = &mut self.bodies[row.body];
            body.set_linvel(velocity, true);
            if moved {
                body.set_translation(input.position(), true);
            }
        }
        if row.radius != input.radius || (turned && row.kind.is_swept()) {
            self.colliders[row.collider].set_shape(input.shape());
        }
        Row { radius: input.radius, ..row }
    }

    /// Invariant 5: drops rapier's free lists, generations and counters with the last body.
    fn forget(&mut self) {
        let Self { absent, scratch, .. } = mem::take(self);
        self.absent = absent;
        self.scratch = scratch;
    }

    fn motion_of(&self, row: &Row) -> Motion {
        let body = &self.bodies[row.body];
        Motion { position: body.translation().into(), velocity: body.linvel().into() }
    }
}

impl Default for Simulation {
    fn default() -> Self {
        Self::new()
    }
}

impl fmt::Debug for Simulation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Simulation").field("bodies", &self.rows.len()).finish_non_exhaustive()
    }
}

fn integration_parameters() -> IntegrationParameters {
    IntegrationParameters {
        length_unit: LENGTH_UNIT,
        num_solver_iterations: SOLVER_ITERATIONS,
        max_ccd_substeps: 0,
        ..IntegrationParameters::default()
    }
}

/// Four slabs just outside the arena that only the ship collides with: enemies may come in from outside.
fn walls() -> [Collider; 4] {
    let thick = WALL_HALF_THICKNESS;
    let slab = |center: Vector, half: Vector| {
        ColliderBuilder::cuboid(half.x, half.y)
            .translation(center)
            .friction(0.0)
            .restitution(body::RESTITUTION)
            .collision_groups(body::wall_groups())
            .user_data(Tag::WALL)
            .build()
    };
    let upright = Vector::new(thick, HALF.y + 2.0 * thick);
    let level = Vector::new(HALF.x + 2.0 * thick, thick);
    [
        slab(Vector::new(-HALF.x - thick, 0.0), upright),
        slab(Vector::new(HALF.x + thick, 0.0), upright),
        slab(Vector::new(0.0, -HALF.y - thick), level),
        slab(Vector::new(0.0, HALF.y + thick), level),
    ]
}

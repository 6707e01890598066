//! Tests of the module's guarantees with a scripted swarm: flocking enemies, a circling ship, volleys, deaths, spawns.

use std::collections::BTreeMap;

use super::*;

const DT: f32 = 1.0 / 60.0;
const TICKS: u64 = 600;

fn save(sim: &Simulation) -> Vec<u8> {
    rmp_serde::to_vec(sim).expect("every field has a binary form")
}

fn restore(bytes: &[u8]) -> Simulation {
    rmp_serde::from_slice(bytes).expect("it was just saved")
}

fn body(id: u64, kind: BodyKind, position: [f32; 2], velocity: [f32; 2]) -> BodyInput {
    let radius = if kind == BodyKind::Bullet { 3.0 } else { 10.0 };
    BodyInput { id, kind, radius, position, velocity }
}

/// One contact, floats as bits.
type ContactBits = (u64, u64, u32, u32, u32);

/// All results of a tick, floats as bits: motions by id, contacts in their order.
#[derive(Debug, Default, PartialEq)]
struct Seen {
    motions: Vec<(u64, [u32; 4])>,
    contacts: Vec<ContactBits>,
}

/// The game around a simulation: living entities and their wanted velocities. Depends only on its seed and the motions that it gets.
struct Script {
    living: BTreeMap<u64, BodyInput>,
    next_id: u64,
    random: u64,
}

impl Script {
    const SHIP: u64 = 1;

    fn new() -> Self {
        let mut script = Self { living: BTreeMap::new(), next_id: 2, random: 7 };
        script.living.insert(Self::SHIP, body(Self::SHIP, BodyKind::Ship, [0.0; 2], [0.0; 2]));
        (0..90).for_each(|_| script.spawn_enemy());
        script
    }

    /// A random number below `limit`.
    fn random(&mut self, limit: f32) -> f32 {
        self.random = self.random.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.random >> 40) as f32 / (1_u64 << 24) as f32 * limit
    }

    fn spawn(&mut self, kind: BodyKind, position: [f32; 2], velocity: [f32; 2]) {
        self.living.insert(self.next_id, body(self.next_id, kind, position, velocity));
        self.next_id += 1;
    }

    fn spawn_enemy(&mut self) {
        let position = [self.random(400.0) - 200.0, self.random(300.0) - 150.0];
        self.spawn(BodyKind::Enemy, position, [0.0; 2]);
    }

    fn think(&mut self, tick: u64) {
        let ship = self.living[&Self::SHIP].position;
        for body in self.living.values_mut() {
            match body.kind {
                BodyKind::Ship => body.velocity = [[220.0, 40.0], [-190.0, 90.0]][(tick / 45 % 2) as usize],
                BodyKind::Enemy => {
                    body.velocity = [(ship[0] - body.position[0]) * 0.8, (ship[1] - body.position[1]) * 0.8]
                }
                BodyKind::Bullet | BodyKind::Pickup => {}
            }
        }
        if tick.is_multiple_of(4) {
            let toward = [self.random(1800.0) - 900.0, self.random(1800.0) - 900.0];
            self.spawn(BodyKind::Bullet, ship, toward);
        }
        if tick.is_multiple_of(90) {
            let position = [self.random(1280.0) - HALF.x, self.random(720.0) - HALF.y];
            self.spawn(BodyKind::Pickup, position, [3.0, -2.0]);
            (0..6).for_each(|_| self.spawn_enemy());
        }
    }

    fn learn(&mut self, sim: &Simulation) {
        for (body, motion) in self.living.values_mut().zip(sim.motions()) {
            body.position = motion.position;
        }
        for contact in sim.contacts().iter().filter(|contact| contact.a_kind == BodyKind::Bullet) {
            self.living.remove(&contact.a);
            self.living.remove(&contact.b);
        }
        let outside = |body: &BodyInput| !(-680.0..680.0).contains(&body.position[0]);
        self.living.retain(|_, body| body.kind != BodyKind::Bullet || !outside(body));
    }

    fn tick(&mut self, sim: &mut Simulation, tick: u64) -> Seen {
        self.think(tick);
        sim.sync(self.living.values().copied());
        sim.step(DT);
        let seen = seen(self.living.keys().copied(), sim);
        self.learn(sim);
        seen
    }
}

fn seen(ids: impl Iterator<Item = u64>, sim: &Simulation) -> Seen {
    let bits = |Motion { position: [x, y], velocity: [u, v] }: Motion| [x, y, u, v].map(f32::to_bits);
    let contact = |c: &ContactStart| (c.a, c.b, c.x.to_bits(), c.y.to_bits(), c.speed.to_bits());
    Seen { motions: ids.zip(sim.motions().map(bits)).collect(), contacts: sim.contacts().iter().map(contact).collect() }
}

/// Runs the script; passes the simulation through `between` before every tick.
fn run(mut between: impl FnMut(Simulation, u64) -> Simulation) -> (Vec<Seen>, Vec<u8>) {
    let (mut script, mut sim) = (Script::new(), Simulation::new());
    let mut trace = Vec::new();
    for tick in 0..TICKS {
        sim = between(sim, tick);
        trace.push(script.tick(&mut sim, tick));
    }
    (trace, save(&sim))
}

fn assert_same(one: &[Seen], other: &[Seen]) {
    for (tick, (one, other)) in one.iter().zip(other).enumerate() {
        assert!(one == other, "diverged in tick {tick}");
    }
    assert_eq!(one.len(), other.len());
}

#[test]
fn continuation_is_bit_identical_after_a_save_and_restore_at_any_tick() {
    let (straight, last) = run(|sim, _| sim);
    let contacts: usize = straight.iter().map(|seen| seen.contacts.len()).sum();
    assert!(contacts > 100, "the script must make contacts, or it proves little: {contacts}");

    let (at_every, last_of_every) = run(|sim, _| restore(&save(&sim)));
    assert_same(&straight, &at_every);
    assert!(last == last_of_every, "the final snapshots differ");

    for every in [7, 97, 599] {
        let (now_and_then, last_of_these) =
            run(|sim, tick| if tick % every == every - 1 { restore(&save(&sim)) } else { sim });
        assert_same(&straight, &now_and_then);
        assert!(last == last_of_these, "the final snapshots differ, saving every {every} ticks");
    }
}

#[test]
fn the_same_inputs_give_the_same_outputs() {
    let (one, one_last) = run(|sim, _| sim);
    let (other, other_last) = run(|sim, _| sim);
    assert_same(&one, &other);
    assert!(one_last == other_last);
}

#[test]
fn the_order_of_inputs_does_not_matter() {
    let (mut script, mut sim, mut shuffled) = (Script::new(), Simulation::new(), Simulation::new());
    for tick in 0..120 {
        script.think(tick);
        let mut inputs: Vec<BodyInput> = script.living.values().copied().collect();
        sim.sync(inputs.iter().copied());
        sim.step(DT);
        let here = seen(script.living.keys().copied(), &sim);
        inputs.reverse();
        inputs.rotate_left(tick as usize % 50);
        shuffled.sync(inputs.iter().copied());
        shuffled.step(DT);
        let mut there = seen(inputs.iter().map(|input| input.id), &shuffled);
        there.motions.sort_unstable();
        script.learn(&sim);
        assert!(here == there, "diverged in tick {tick}");
    }
    assert!(save(&sim) == save(&shuffled));
}

/// In the form in which it travels over a swap: all that rapier writes is what it reads.
#[test]
fn a_world_is_kept_as_an_opaque_field() {
    #[derive(Default, plugin_sdk::prelude::PluginState)]
    struct Kept {
        #[state(opaque, version = "1")]
        world: Simulation,
    }
    let mut world = Simulation::new();
    let at = |id: u64| [(id % 50) as f32 * 15.0, (id / 50) as f32 * 15.0];
    world.sync((1..1_000).map(|id| body(id, BodyKind::Enemy, at(id), [1.0, 0.5])));
    (0..10).for_each(|_| world.step(DT));
    let state = Kept { world };
    let mut bytes = Vec::new();
    plugin_sdk::state::save(&state, &mut bytes).expect("rapier writes what it reads");
    let restored: Kept = plugin_sdk::state::restore(&bytes).expect("it was just saved");
    assert!(save(&state.world) == save(&restored.world));
}

#[test]
fn a_restored_arena_hands_out_the_same_handles() {
    let mut sim = Simulation::new();
    let enemies = |ids: &[u64]| -> Vec<BodyInput> {
        ids.iter().map(|&id| body(id, BodyKind::Enemy, [id as f32 * 30.0, 300.0], [0.0; 2])).collect()
    };
    sim.sync(enemies(&[1, 2, 3, 4, 5, 6, 7, 8]));
    sim.step(DT);
    sim.sync(enemies(&[1, 4, 8]));
    sim.step(DT);
    let mut restored = restore(&save(&sim));
    let later = enemies(&[1, 4, 8, 9, 10, 11, 12, 13, 14]);
    sim.sync(later.iter().copied());
    restored.sync(later.iter().copied());
    let handles = |sim: &Simulation| sim.rows.iter().map(|row| (row.id, row.body, row.collider)).collect::<Vec<_>>();
    assert_eq!(handles(&sim), handles(&restored));
    assert!(sim.rows.iter().any(|row| row.body.into_raw_parts().1 > 0), "a freed slot must have been taken again");
}

#[test]
fn without_bodies_it_equals_a_new_one() {
    let (mut script, mut sim) = (Script::new(), Simulation::new());
    for tick in 0..60 {
        script.tick(&mut sim, tick);
    }
    sim.sync([]);
    assert_eq!((sim.len(), sim.bodies.len(), sim.motions().len()), (0, 0, 0));
    assert!(save(&sim) == save(&Simulation::new()));
    sim.step(DT);
    assert!(sim.contacts().is_empty());

    let (mut again, mut first) = (Script::new(), Script::new());
    let mut new = Simulation::new();
    new.step(DT);
    for tick in 0..120 {
        assert!(again.tick(&mut sim, tick) == first.tick(&mut new, tick), "a restart diverged in tick {tick}");
    }
}

#[test]
fn a_bullet_hits_at_any_speed_and_names_the_nearest_first() {
    for (near, middle, far) in [(1, 2, 3), (3, 1, 2), (2, 3, 1), (3, 2, 1)] {
        for speed in [60.0, 900.0, 8000.0] {
            let hits = hits_of_a_bullet(speed, &[(near, 170.0), (middle, 195.0), (far, 220.0)]);
            assert_eq!(hits, [(near, 160.0, speed), (middle, 185.0, speed), (far, 210.0, speed)], "at {speed}");
        }
    }
}

/// The enemies, given as id and x, that a bullet meets: id, x of the contact, speed.
fn hits_of_a_bullet(speed: f32, enemies: &[(u64, f32)]) -> Vec<(u64, f32, f32)> {
    let mut sim = Simulation::new();
    let mut hits = Vec::new();
    let mut position = [100.0, 300.0];
    for _ in 0..150 {
        let enemies = enemies.iter().map(|&(id, x)| body(id, BodyKind::Enemy, [x, 300.0], [0.0; 2]));
        sim.sync(enemies.chain([body(9, BodyKind::Bullet, position, [speed, 0.0])]));
        sim.step(DT);
        position = sim.motion(9).expect("the bullet lives").position;
        hits.extend(sim.contacts().iter().map(|contact| (contact.b, contact.x, contact.speed)));
    }
    hits
}

#[test]
fn only_pairs_with_a_bullet_or_the_ship_are_told() {
    let mut sim = Simulation::new();
    sim.sync([
        body(1, BodyKind::Ship, [300.0, 300.0], [0.0; 2]),
        body(2, BodyKind::Bullet, [300.0, 300.0], [10.0, 0.0]),
        body(3, BodyKind::Enemy, [600.0, 300.0], [0.0; 2]),
        body(4, BodyKind::Enemy, [612.0, 300.0], [0.0; 2]),
        body(5, BodyKind::Enemy, [300.0, 316.0], [0.0, -50.0]),
        body(6, BodyKind::Pickup, [300.0, 288.0], [0.0; 2]),
        body(7, BodyKind::Pickup, [600.0, 300.0], [0.0; 2]),
    ]);
    sim.step(DT);
    let told: Vec<_> = sim.contacts().iter().map(|contact| (contact.a, contact.b)).collect();
    assert_eq!(told, [(1, 5), (1, 6)]);
    let gap = sim.motion(4).unwrap().position[0] - sim.motion(3).unwrap().position[0];
    assert!(gap > 12.0, "the two enemies must push each other apart: {gap}");
}

#[test]
fn the_ship_stays_in_the_arena_and_enemies_come_in() {
    let mut sim = Simulation::new();
    let (mut ship, mut enemy) = ([0.0; 2], [-700.0, -260.0]);
    for _ in 0..300 {
        sim.sync([body(1, BodyKind::Ship, ship, [-900.0, 700.0]), body(2, BodyKind::Enemy, enemy, [-80.0, 0.0])]);
        sim.step(DT);
        (ship, enemy) = (sim.motion(1).unwrap().position, sim.motion(2).unwrap().position);
        assert!(ship[0].abs() <= HALF.x && ship[1].abs() <= HALF.y, "the ship is at {ship:?}");
    }
    assert!(enemy[0] > -650.0, "the enemy is at {enemy:?}");
}

#[test]
fn a_changed_position_moves_the_body_and_an_unknown_one_does_not() {
    let mut sim = Simulation::new();
    sim.sync([body(1, BodyKind::Enemy, [100.0, 100.0], [0.0; 2])]);
    sim.step(DT);
    sim.sync([body(1, BodyKind::Enemy, [700.0, 200.0], [0.0; 2])]);
    sim.step(DT);
    assert_eq!(sim.motion(1).unwrap().position, [700.0, 200.0]);
    sim.sync([body(1, BodyKind::Enemy, [f32::NAN, 200.0], [0.0; 2])]);
    sim.step(DT);
    assert_eq!(sim.motion(1).unwrap().position, [700.0, 200.0]);
}

#[test]
fn absurd_inputs_stay_finite() {
    let odd = [f32::NAN, f32::INFINITY, f32::NEG_INFINITY, f32::MAX, f32::MIN, 0.0, -0.0, 1e-40];
    let mut sim = Simulation::new();
    for tick in 0..40 {
        let inputs = odd.iter().enumerate().flat_map(|(place, &value)| {
            let kinds = [BodyKind::Ship, BodyKind::Enemy, BodyKind::Bullet, BodyKind::Pickup];
            kinds.into_iter().enumerate().map(move |(at, kind)| BodyInput {
                id: ((place * 4 + at) % 30) as u64,
                kind: kinds[(at + tick / 10) % 4].min(kind),
                radius: value,
                position: [odd[(place + 1) % 8], value],
                velocity: [value, odd[(place + 3) % 8]],
            })
        });
        sim.sync(inputs);
        sim.step(DT);
        assert_eq!((sim.len(), sim.motions().len()), (30, 32));
        let floats = sim.motions().flat_map(|m| m.position.into_iter().chain(m.velocity));
        assert!(floats.into_iter().all(f32::is_finite));
    }
}

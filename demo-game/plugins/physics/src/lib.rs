//! Movement and collisions: turns wanted velocities into real ones, positions and contacts.
//!
//! Connects the columns with [`world`], which contains rapier2d's whole world and is handed over in a swap as one opaque field. While the
//! game is paused, nothing moves and nothing touches.

mod world;

use game_types::topics::Contacts;
use game_types::{Body, Contact, GameState, Phase, Position, Velocity};
use plugin_sdk::prelude::*;

use crate::world::{BodyInput, BodyKind, ContactStart, Simulation};

/// Maximum number of contacts in one record; far below a quarter of the topic's lane.
const CONTACTS_PER_RECORD: usize = 1_024;

type Bodies<'call> = Query<'call, (EntityId, &'static Body, &'static mut Position, &'static mut Velocity)>;

#[derive(Debug, Default, PluginState)]
struct Physics {
    #[state(opaque, version = "rapier2d 0.36")]
    world: Simulation,
}

#[plugin]
impl Physics {
    #[system(stage = Physics)]
    fn step(&mut self, frame: &Frame, mut bodies: Bodies, world: Query<&GameState>, mut contacts: Publisher<Contacts>) {
        if world.single().is_some_and(|game| game.phase == Phase::Paused) {
            return;
        }
        self.world.sync(bodies.iter_mut().map(|(id, body, place, velocity)| input(id, body, *place, *velocity)));
        self.world.step(frame.dt());
        for ((.., mut place, mut velocity), motion) in bodies.iter_mut().zip(self.world.motions()) {
            let ([x, y], [vx, vy]) = (motion.position, motion.velocity);
            *place = Position { x, y };
            *velocity = Velocity { x: vx, y: vy };
        }
        if self.tell(frame, &mut contacts).is_err() {
            frame.log(Level::WARN, format_args!("the frame arena is full: contacts are lost"));
        }
    }

    fn tell(&self, frame: &Frame, contacts: &mut Publisher<Contacts>) -> Result<(), ArenaFull> {
        let begun = self.world.contacts();
        let mut record = frame.arena().vec(begun.len().min(CONTACTS_PER_RECORD))?;
        for part in begun.chunks(CONTACTS_PER_RECORD) {
            record.clear();
            for message in part.iter().filter_map(message) {
                record.push(message)?;
            }
            // A full lane loses contacts; the host counts them.
            let _ = contacts.send_all(&record);
        }
        Ok(())
    }
}

fn input(id: EntityId, body: &Body, place: Position, velocity: Velocity) -> BodyInput {
    let kind = match body.kind {
        game_types::BodyKind::Ship => BodyKind::Ship,
        game_types::BodyKind::Bullet => BodyKind::Bullet,
        game_types::BodyKind::Enemy => BodyKind::Enemy,
    };
    BodyInput { id: id.0, kind, radius: body.radius, position: [place.x, place.y], velocity: [velocity.x, velocity.y] }
}

fn message(begun: &ContactStart) -> Option<Contact> {
    let striker_kind = match begun.a_kind {
        BodyKind::Bullet => game_types::BodyKind::Bullet,
        BodyKind::Ship => game_types::BodyKind::Ship,
        BodyKind::Enemy | BodyKind::Pickup => return None,
    };
    let (striker, enemy) = (EntityId(begun.a), EntityId(begun.b));
    let &ContactStart { x, y, speed, b_kind, .. } = begun;
    (b_kind == BodyKind::Enemy).then_some(Contact { striker, enemy, x, y, speed, striker_kind })
}

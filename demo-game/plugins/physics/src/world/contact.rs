//! Contacts that begin in a step: collected in rapier's callbacks, returned in a defined order.
//!
//! rapier reports pairs in the order of its graphs. Sorting removes that order, so that contacts depend only on what touches what. Position
//! and speed of a contact are computed from centres, radii and velocities at the start of the step, which are the same for sensors (rapier
//! keeps no contact points for them) and solid bodies.

use std::cmp::Ordering;
use std::sync::{Mutex, PoisonError};

use rapier2d::prelude::*;

use super::body::{BodyKind, Tag};

/// Two entities that began to touch; `a` is a bullet or the ship.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct ContactStart {
    /// The entity of the lower kind.
    pub(crate) a: u64,
    /// The kind of `a`.
    pub(crate) a_kind: BodyKind,
    /// The other entity.
    pub(crate) b: u64,
    /// The kind of `b`.
    pub(crate) b_kind: BodyKind,
    /// Position on the rim of `b`, in view units.
    pub(crate) x: f32,
    /// Position on the rim of `b`, in view units.
    pub(crate) y: f32,
    /// Approach speed along the line of the centres, in view units per second; not negative.
    pub(crate) speed: f32,
}

/// Receives rapier's events. The mutex is there because `EventHandler` must be `Sync`. It is never contended: without rapier's `parallel`,
/// events come from the stepping thread.
#[derive(Default)]
pub(super) struct ContactCollector {
    begun: Mutex<Vec<Begun>>,
}

/// A contact and the distance that `a` flies within the step until it happens.
struct Begun {
    travel: f32,
    contact: ContactStart,
}

/// One side of a contact.
struct Party {
    tag: Tag,
    center: Vector,
    radius: f32,
    velocity: Vector,
}

impl ContactCollector {
    /// Replaces the content of `contacts` by the contacts collected since the last call, sorted.
    pub(super) fn drain_sorted(&mut self, contacts: &mut Vec<ContactStart>) {
        let begun = self.begun.get_mut().unwrap_or_else(PoisonError::into_inner);
        begun.sort_unstable_by(Begun::order);
        contacts.clear();
        contacts.extend(begun.drain(..).map(|begun| begun.contact));
    }
}

impl EventHandler for ContactCollector {
    fn handle_collision_event(
        &self,
        bodies: &RigidBodySet,
        colliders: &ColliderSet,
        event: CollisionEvent,
        _pair: Option<&ContactPair>,
    ) {
        let CollisionEvent::Started(one, other, _) = event else { return };
        let (Some(one), Some(other)) = (Party::of(one, bodies, colliders), Party::of(other, bodies, colliders)) else {
            return;
        };
        let begun = if one.tag.kind <= other.tag.kind { one.meet(&other) } else { other.meet(&one) };
        self.begun.lock().unwrap_or_else(PoisonError::into_inner).push(begun);
    }

    fn handle_contact_force_event(&self, _: f32, _: &RigidBodySet, _: &ColliderSet, _: &ContactPair, _: f32) {}

    fn handle_soft_body_tear_event(&self, _: &SoftBodySet, _: &SoftBodyTearEvent) {}
}

impl Begun {
    /// A total order: no two contacts of one step have the same pair of ids.
    fn order(&self, other: &Self) -> Ordering {
        let (one, two) = (&self.contact, &other.contact);
        one.a.cmp(&two.a).then(self.travel.total_cmp(&other.travel)).then(one.b.cmp(&two.b))
    }
}

impl Party {
    /// `None` for a wall.
    fn of(handle: ColliderHandle, bodies: &RigidBodySet, colliders: &ColliderSet) -> Option<Self> {
        let collider = colliders.get(handle)?;
        let tag = Tag::unpack(collider.user_data)?;
        let body = bodies.get(collider.parent()?)?;
        let shape = collider.shape();
        let radius = shape.as_ball().map(|ball| ball.radius).or_else(|| Some(shape.as_capsule()?.radius))?;
        Some(Self { tag, center: body.translation(), radius, velocity: body.linvel() })
    }

    fn meet(&self, other: &Self) -> Begun {
        let heading = self.velocity.normalize_or_zero();
        let travel = if self.tag.kind.is_swept() { self.travel_to(other, heading) } else { 0.0 };
        let normal = (other.center - (self.center + heading * travel)).try_normalize().unwrap_or(heading);
        let place = other.center - normal * other.radius;
        let contact = ContactStart {
            a: self.tag.id,
            a_kind: self.tag.kind,
            b: other.tag.id,
            b_kind: other.tag.kind,
            x: place.x,
            y: place.y,
            speed: (self.velocity - other.velocity).dot(normal).max(0.0),
        };
        Begun { travel, contact }
    }

    /// Distance along `heading` until the rims touch; 0 if they already do.
    fn travel_to(&self, other: &Self, heading: Vector) -> f32 {
        let offset = other.center - self.center;
        let along = offset.dot(heading);
        let missed_by_squared = offset.length_squared() - along * along;
        let reach = self.radius + other.radius;
        (along - (reach * reach - missed_by_squared).max(0.0).sqrt()).max(0.0)
    }
}

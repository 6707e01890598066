//! Decides which contacts count: a bullet hurts the first enemy that it meets, the ship is hurt once a tick.

use game_types::{BodyKind, Contact};
use plugin_sdk::prelude::*;

/// Contacts of the previous tick, in the order of arrival. Empty at the frame edge.
#[derive(Debug, Default)]
pub(crate) struct Contacts {
    bullets: Vec<Contact>,
    ship: Option<Contact>,
}

impl Contacts {
    /// Records `contact`, unless its striker has already struck.
    pub(crate) fn add(&mut self, contact: &Contact) {
        match contact.striker_kind {
            BodyKind::Bullet if !self.is_spent(contact.striker) => self.bullets.push(*contact),
            BodyKind::Ship if self.ship.is_none() => self.ship = Some(*contact),
            _ => {}
        }
    }

    /// Forgets all.
    pub(crate) fn clear(&mut self) {
        self.bullets.clear();
        self.ship = None;
    }

    /// Whether no bullet struck.
    pub(crate) fn no_bullet(&self) -> bool {
        self.bullets.is_empty()
    }

    /// Whether `bullet` struck something.
    pub(crate) fn is_spent(&self, bullet: EntityId) -> bool {
        self.bullets.iter().any(|contact| contact.striker == bullet)
    }

    /// Number of bullets that struck `enemy`.
    pub(crate) fn hits_on(&self, enemy: EntityId) -> u32 {
        self.bullets.iter().filter(|contact| contact.enemy == enemy).count() as u32
    }

    /// The ship's contact.
    pub(crate) fn with_ship(&self) -> Option<Contact> {
        self.ship
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn contact(striker: u64, enemy: u64, striker_kind: BodyKind) -> Contact {
        let (striker, enemy) = (EntityId(striker), EntityId(enemy));
        Contact { striker, enemy, x: 0.0, y: 0.0, speed: 0.0, striker_kind }
    }

    #[test]
    fn a_bullet_hurts_only_the_first_enemy_that_it_meets() {
        let mut contacts = Contacts::default();
        for (bullet, enemy) in [(1, 10), (1, 11), (2, 10)] {
            contacts.add(&contact(bullet, enemy, BodyKind::Bullet));
        }
        assert_eq!([10, 11].map(|enemy| contacts.hits_on(EntityId(enemy))), [2, 0]);
        assert_eq!([1, 2, 3].map(|bullet| contacts.is_spent(EntityId(bullet))), [true, true, false]);
    }

    #[test]
    fn the_ship_is_struck_once() {
        let mut contacts = Contacts::default();
        contacts.add(&contact(5, 20, BodyKind::Ship));
        contacts.add(&contact(5, 21, BodyKind::Ship));
        assert_eq!(contacts.with_ship().map(|contact| contact.enemy), Some(EntityId(20)));
        assert!(contacts.no_bullet());
        contacts.clear();
        assert_eq!(contacts.with_ship(), None);
    }
}

//! One tick of the rules: the game's entities, and the operations of the rules on them.
//!
//! # Invariant
//! 1. `game.enemies` is the number of enemies that live once this tick's commands are applied.

use game_types::topics::GameEvents;
use game_types::{
    Bullet, Enemy, EventKind, GameEvent, GameState, HALF_HEIGHT, HALF_WIDTH, Input, Phase, Position, Ship, Tuning,
    Variant, Velocity,
};
use plugin_sdk::prelude::*;

use crate::damage::Contacts;
use crate::rules::{AGENTS_MIX_OF_WAVE, AGENTS_RESTART_TICKS, COMBO_MIN, LIVES_MAX, SHIELD_TICKS};
use crate::scoring::{self, Streak};
use crate::{ship, waves};

/// Distance outside the arena at which a bullet disappears, in units.
const BULLET_MARGIN: f32 = 20.0;

pub(crate) type World<'call> = Query<'call, (EntityId, &'static Input, &'static Tuning, &'static mut GameState)>;
pub(crate) type Ships<'call> = Query<'call, (EntityId, &'static Position, &'static mut Velocity, &'static mut Ship)>;
pub(crate) type Bullets<'call> = Query<'call, (EntityId, &'static Position, &'static mut Bullet)>;
pub(crate) type Enemies<'call> = Query<'call, (EntityId, &'static Position, &'static mut Enemy)>;

/// All moving entities.
#[derive(Debug)]
pub(crate) struct Field<'call> {
    pub(crate) ships: Ships<'call>,
    pub(crate) bullets: Bullets<'call>,
    pub(crate) enemies: Enemies<'call>,
}

/// One tick.
#[derive(Debug)]
pub(crate) struct Turn<'a, 'call> {
    pub(crate) frame: &'a Frame<'call>,
    pub(crate) input: Input,
    pub(crate) tuning: Tuning,
    pub(crate) game: GameState,
    /// The ship's position, if there is one.
    pub(crate) ship: Option<Position>,
    pub(crate) random: Random,
    pub(crate) field: Field<'a>,
    pub(crate) events: Publisher<'a, GameEvents>,
}

impl<'a, 'call> Turn<'a, 'call> {
    /// Begins a tick with the game in the state `game`.
    pub(crate) fn new(
        frame: &'a Frame<'call>,
        (id, input, tuning, game): (EntityId, Input, Tuning, GameState),
        mut field: Field<'a>,
        events: Publisher<'a, GameEvents>,
    ) -> Self {
        let game =
            GameState { phase_ticks: game.phase_ticks.saturating_add(1), enemies: field.enemies.len() as u32, ..game };
        let ship = field.ships.iter_mut().next().map(|(_, &place, ..)| place);
        Self { frame, input, tuning, game, ship, random: frame.random(id), field, events }
    }

    /// Whether `button` is held or pressed.
    pub(crate) fn has_input(&self, button: u32) -> bool {
        self.input.buttons & button != 0
    }

    /// Whether a lost game of `--agents`, which nobody may be watching, starts over by itself.
    pub(crate) fn restarts_by_itself(&self) -> bool {
        let GameState { phase, phase_ticks, .. } = self.game;
        self.tuning.agents > 0 && phase == Phase::Over && phase_ticks >= AGENTS_RESTART_TICKS
    }

    pub(crate) fn enter(&mut self, phase: Phase) {
        (self.game.phase, self.game.phase_ticks) = (phase, 0);
    }

    /// A full lane loses effects, never a rule; the host counts the loss.
    pub(crate) fn say(&mut self, kind: EventKind, value: u32, place: Position) {
        let Position { x, y } = place;
        let _ = self.events.send(&GameEvent { kind, value, x, y, variant: Variant::default(), reserved: 0 });
    }

    /// Resets the arena to a new ship alone, and the score to 0.
    pub(crate) fn reset(&mut self) {
        let commands = self.frame.commands();
        let Field { ships, bullets, enemies } = &mut self.field;
        ships.iter_mut().for_each(|(id, ..)| commands.despawn(id));
        bullets.iter_mut().for_each(|(id, ..)| commands.despawn(id));
        enemies.iter_mut().for_each(|(id, ..)| commands.despawn(id));
        commands.spawn(ship::new());
        self.ship = Some(Position::default());
        let lives = self.tuning.lives.clamp(1, LIVES_MAX);
        self.game = GameState { best: self.game.best, lives, combo: COMBO_MIN, ..GameState::default() };
        self.enter(Phase::Playing);
        self.say(EventKind::Start, 0, Position::default());
    }

    /// Takes a life if an unshielded ship was struck; returns the enemy that dies of it.
    pub(crate) fn hurt_ship(&mut self, contacts: &Contacts) -> Option<EntityId> {
        let contact = contacts.with_ship()?;
        let (id, &place, _, mut ship) = self.field.ships.single_mut()?;
        if ship.shield > 0 || self.game.phase != Phase::Playing {
            return None;
        }
        ship.shield = SHIELD_TICKS;
        drop(ship);
        self.game.lives = self.game.lives.saturating_sub(1);
        self.game.combo = COMBO_MIN;
        self.say(EventKind::ShipHit, self.game.lives, place);
        if self.game.lives == 0 {
            self.frame.commands().despawn(id);
            self.ship = None;
            self.enter(Phase::Over);
            self.say(EventKind::GameOver, self.game.score, place);
        }
        Some(contact.enemy)
    }

    /// Damages the enemies that bullets struck; removes the dead ones and `rammer`.
    pub(crate) fn hurt_enemies(&mut self, contacts: &Contacts, rammer: Option<EntityId>, streak: &mut Streak) {
        if contacts.no_bullet() && rammer.is_none() {
            return;
        }
        let commands = self.frame.commands();
        let (mut game, events) = (self.game, &mut self.events);
        for (id, place, mut enemy) in &mut self.field.enemies {
            let hits = contacts.hits_on(id);
            if hits == 0 && rammer != Some(id) {
                continue;
            }
            let shot = hits >= enemy.health;
            if !shot && rammer != Some(id) {
                enemy.health -= hits;
                continue;
            }
            commands.despawn(id);
            game.enemies -= 1;
            if shot && game.phase == Phase::Playing {
                let value = scoring::points(enemy.variant, game.combo);
                game.score = game.score.saturating_add(value);
                game.combo = streak.kill(game.combo);
                let (kind, variant) = (EventKind::Kill, enemy.variant);
                let _ = events.send(&GameEvent { kind, value, x: place.x, y: place.y, variant, reserved: 0 });
            }
        }
        self.game = game;
    }

    /// Updates the best score, and gives lives for the rise from `before` to the present score.
    pub(crate) fn reward(&mut self, before: u32) {
        self.game.best = self.game.best.max(self.game.score);
        let won = scoring::lives_won(before, self.game.score).min(LIVES_MAX.saturating_sub(self.game.lives));
        if won > 0 && self.game.phase == Phase::Playing {
            self.game.lives += won;
            self.say(EventKind::Life, self.game.lives, self.ship.unwrap_or_default());
        }
    }

    /// Steers and fires the ship as the input requests.
    pub(crate) fn steer(&mut self) {
        let (Some(place), Some((.., mut velocity, mut ship))) = (self.ship, self.field.ships.single_mut()) else {
            return;
        };
        *velocity = ship::wanted_velocity(&self.input, &self.tuning);
        let (next, fires) = ship::tick(*ship, place, &self.input, &self.tuning);
        *ship = next;
        if fires {
            let commands = self.frame.commands();
            ship::bullets(place, next.facing, self.game.combo, &self.tuning).for_each(|bullet| commands.spawn(bullet));
        }
    }

    /// Removes bullets that struck, left the arena or reached the end of their life.
    pub(crate) fn age_bullets(&mut self, contacts: &Contacts) {
        let commands = self.frame.commands();
        for (id, place, mut bullet) in &mut self.field.bullets {
            bullet.life = bullet.life.saturating_sub(1);
            let outside = place.x.abs() > HALF_WIDTH + BULLET_MARGIN || place.y.abs() > HALF_HEIGHT + BULLET_MARGIN;
            if bullet.life == 0 || outside || contacts.is_spent(id) {
                commands.despawn(id);
            }
        }
    }

    /// Spawns `count` enemies together, on the rim.
    pub(crate) fn spawn_squad(&mut self, count: u32) {
        let middle = waves::rim_place(&mut self.random, self.ship);
        for _ in 0..count {
            let place = waves::squad_place(&mut self.random, middle);
            self.spawn_enemy(place);
        }
    }

    /// Spawns enemies all over the arena until there are as many as `--agents` requests.
    pub(crate) fn fill(&mut self) {
        while self.game.enemies < self.tuning.agents {
            let place = waves::field_place(&mut self.random, self.ship);
            self.spawn_enemy(place);
        }
    }

    fn spawn_enemy(&mut self, place: Position) {
        let wave = self.game.wave;
        let mix = if self.tuning.agents > 0 { AGENTS_MIX_OF_WAVE } else { wave };
        let variant = waves::variant(mix, self.random.unit());
        let velocity = waves::inward(&mut self.random, place, self.tuning.enemy_speed);
        let body = waves::body(variant, self.tuning.agents);
        self.frame.commands().spawn((place, velocity, body, waves::enemy(variant, wave)));
        self.game.enemies += 1;
    }
}

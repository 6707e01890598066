//! The rules: phases, ship, damage, score, waves.
//!
//! Reads the input and the previous tick's messages from physics and ai. It decides once a tick, before all other plugins, and knows
//! nothing of how things move or look. The numbers to experiment with are in `rules.rs`.
//!
//! ```text
//! FRESH ──► PLAYING ⇄ PAUSED        restart: any phase ──► PLAYING
//!              └──► OVER
//! ```

mod damage;
mod rules;
mod scoring;
mod ship;
mod turn;
mod waves;

use game_types::topics::{AiChatter, Contacts as ContactTopic, GameEvents};
use game_types::{Body, Chatter, Contact, DirectorApi, EventKind, Input, Mood, Phase};
use plugin_sdk::prelude::*;

use crate::damage::Contacts;
use crate::scoring::Streak;
use crate::turn::{Bullets, Enemies, Field, Ships, Turn, World};
use crate::waves::{Schedule, Step};

/// The last wave that can be asked for.
const WAVE_MAX: u32 = 999;

#[derive(Debug, Default, PluginState)]
struct Director {
    streak: Streak,
    schedule: Schedule,
    /// The wave that somebody has asked for.
    wanted_wave: Option<u32>,
    /// Filled by the subscription and emptied by the system of the same frame.
    #[serde(skip)]
    contacts: Contacts,
}

#[plugin(components(Body), implements = DirectorApi)]
impl Director {
    #[subscribe(ContactTopic)]
    fn note_contact(&mut self, contact: &Contact) {
        self.contacts.add(contact);
    }

    #[subscribe(AiChatter)]
    fn hear(&mut self, chatter: &Chatter) {
        if chatter.mood == Mood::Hunt {
            self.streak.hear_hunter();
        }
    }

    #[system(stage = First)]
    fn direct(
        &mut self,
        frame: &Frame,
        mut world: World,
        ships: Ships,
        bullets: Bullets,
        enemies: Enemies,
        events: Publisher<GameEvents>,
    ) {
        if let Some((id, &input, &tuning, mut game)) = world.single_mut() {
            let field = Field { ships, bullets, enemies };
            let mut turn = Turn::new(frame, (id, input, tuning, *game), field, events);
            self.advance(&mut turn);
            *game = turn.game;
        }
        self.contacts.clear();
    }

    /// Begins wave `number`, from 1 to 999, at the next tick of play; returns the number.
    #[export]
    fn set_wave(&mut self, number: u32) -> Result<u32> {
        if !(1..=WAVE_MAX).contains(&number) {
            return Err(CallError::new(1, format!("wave {number} is not in 1 to {WAVE_MAX}")));
        }
        self.wanted_wave = Some(number);
        Ok(number)
    }

    fn advance(&mut self, turn: &mut Turn<'_, '_>) {
        let pauses = turn.has_input(Input::PAUSE);
        let restarts = turn.has_input(Input::RESTART) || turn.restarts_by_itself();
        match turn.game.phase {
            Phase::Paused if pauses && !restarts => turn.enter(Phase::Playing),
            Phase::Paused if !restarts => {}
            Phase::Playing | Phase::Over if !restarts => {
                self.play(turn);
                if pauses && turn.game.phase == Phase::Playing {
                    turn.enter(Phase::Paused);
                }
            }
            _ => self.begin(turn),
        }
    }

    fn begin(&mut self, turn: &mut Turn<'_, '_>) {
        turn.reset();
        self.streak = Streak::default();
        self.next_wave(turn);
        self.bring_enemies(turn);
    }

    fn play(&mut self, turn: &mut Turn<'_, '_>) {
        let score = turn.game.score;
        let rammer = turn.hurt_ship(&self.contacts);
        turn.hurt_enemies(&self.contacts, rammer, &mut self.streak);
        turn.reward(score);
        turn.steer();
        turn.age_bullets(&self.contacts);
        turn.game.combo = self.streak.tick(turn.game.combo);
        if let Some(wave) = self.wanted_wave.take() {
            turn.game.wave = wave - 1;
            self.next_wave(turn);
        }
        self.bring_enemies(turn);
    }

    fn bring_enemies(&mut self, turn: &mut Turn<'_, '_>) {
        if turn.tuning.agents > 0 {
            turn.fill();
        } else if turn.game.phase == Phase::Playing {
            match self.schedule.tick(turn.game.wave, turn.game.enemies) {
                Step::Wait => {}
                Step::Squad(count) => turn.spawn_squad(count),
                Step::NextWave => self.next_wave(turn),
            }
        }
    }

    fn next_wave(&mut self, turn: &mut Turn<'_, '_>) {
        turn.game.wave += 1;
        let wave = turn.game.wave;
        let size = if turn.tuning.agents > 0 { turn.tuning.agents } else { waves::size(&turn.tuning, wave) };
        self.schedule = Schedule::of(size);
        turn.say(EventKind::Wave, wave, turn.ship.unwrap_or_default());
        turn.frame.log(Level::INFO, format_args!("wave {wave}: {size} enemies"));
    }
}

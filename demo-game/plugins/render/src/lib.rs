//! The picture: reads the world and its events, and sends draw commands. It makes no decisions.
//!
//! Particles and other effects are its state, kept over a swap. Nothing else outlives a frame: the list of commands lives in the frame
//! arena and is sent by loan.
//!
//! Order of a frame: camera, light (far to near), ink.

mod canvas;
mod effects;
mod hud;
mod line;
mod particles;
mod sprites;

use game_types::topics::{AiChatter, Contacts, DrawCommands, GameEvents};
use game_types::{
    Body, BodyKind, Bullet, Chatter, Color, Contact, DrawCommand, Enemy, EventKind, GameEvent, GameState, Input, Mood,
    Phase, Position, Ship, Variant, Velocity, palette,
};
use plugin_sdk::prelude::*;

use crate::canvas::Canvas;
use crate::effects::{Effects, Ring, Ripple};
use crate::particles::{Burst, Particles};

/// Approximate number of commands besides those of entities and particles.
const OTHER_COMMANDS: usize = 256;
/// Number of enemies above which they are drawn dimmer and plainer, so that their light doesn't merge.
const CROWD: usize = 500;
/// Minimum speed at which the ship leaves a thrust trail, in units per second.
const THRUST_SPEED: f32 = 40.0;

type World<'call> = Query<'call, (EntityId, &'static Input, &'static GameState)>;
type Ships<'call> = Query<'call, (EntityId, &'static Position, &'static Velocity, &'static Body, &'static Ship)>;
type Enemies<'call> = Query<'call, (&'static Position, &'static Velocity, &'static Body, &'static Enemy)>;
type Bullets<'call> = Query<'call, (&'static Position, &'static Velocity), With<Bullet>>;

#[derive(Debug, Default, PluginState)]
struct Render {
    particles: Particles,
    effects: Effects,
    /// Ticks left of the wave's banner.
    banner: u32,
}

#[plugin]
impl Render {
    #[subscribe(Contacts)]
    fn spark(&mut self, frame: &Frame, contact: &Contact) {
        let &Contact { x, y, .. } = contact;
        let by_bullet = contact.striker_kind == BodyKind::Bullet;
        let (count, color) = if by_bullet { (6, palette::GOLD) } else { (3, palette::ICE) };
        let sparks = Burst { x, y, count, speed: 220.0, life: 22, size: 2.0, color, ..sparks_around() };
        self.particles.burst(&sparks, &mut frame.random(contact.enemy));
    }

    #[subscribe(GameEvents)]
    fn show(&mut self, frame: &Frame, event: &GameEvent) {
        let mut random = frame.random(EntityId(u64::from(event.x.to_bits()) << 32 | u64::from(event.y.to_bits())));
        match event.kind {
            EventKind::Kill => self.show_kill(event, &mut random),
            EventKind::ShipHit => self.show_crash(event, 0.45, &mut random),
            EventKind::GameOver => self.show_crash(event, 0.9, &mut random),
            EventKind::Wave => self.banner = hud::BANNER_TICKS,
            EventKind::Life => self.effects.flash(palette::LIME, 0.25),
            EventKind::Start => {
                self.effects.flash(palette::CYAN, 0.3);
                self.effects.ripple(Ripple { x: event.x, y: event.y, radius: 500.0, strength: 10.0 });
            }
        }
    }

    #[subscribe(AiChatter)]
    fn alert(&mut self, chatter: &Chatter) {
        if chatter.mood == Mood::Hunt {
            self.effects.alert(chatter.x, chatter.y);
        }
    }

    #[system(stage = Render)]
    fn draw(
        &mut self,
        frame: &Frame,
        world: World,
        ships: Ships,
        enemies: Enemies,
        bullets: Bullets,
        mut commands: Publisher<DrawCommands>,
    ) {
        let Some((id, input, game)) = world.single() else { return };
        let expected = 2 * enemies.len() + 2 * bullets.len() + self.particles.len() + OTHER_COMMANDS;
        let Ok(mut canvas) = Canvas::new(frame.arena(), expected) else {
            frame.log(Level::WARN, format_args!("the frame arena is full: no picture"));
            return;
        };
        if game.phase != Phase::Paused {
            self.thrust(frame, &ships);
        }
        canvas.draw(DrawCommand::grid(grid_color(game)));
        canvas.draw_all(self.effects.camera(&mut frame.random(id)));
        draw_bullets(&mut canvas, &bullets);
        draw_enemies(&mut canvas, &enemies, frame.tick());
        draw_ships(&mut canvas, &ships, frame.tick());
        if game.phase == Phase::Playing {
            canvas.draw_all(sprites::crosshair(input));
        }
        canvas.draw_all(self.particles.commands());
        canvas.draw_all(self.effects.rings());
        canvas.draw_all(self.effects.texts());
        hud::draw(&mut canvas, game, self.banner);
        canvas.send(frame, &mut commands);
        if game.phase != Phase::Paused {
            self.tick(frame.dt());
        }
    }

    fn tick(&mut self, dt: f32) {
        self.particles.tick(dt);
        self.effects.tick();
        self.banner = self.banner.saturating_sub(1);
    }

    fn thrust(&mut self, frame: &Frame, ships: &Ships) {
        for (id, place, velocity, body, _) in ships {
            if velocity.x.hypot(velocity.y) < THRUST_SPEED {
                continue;
            }
            let angle = (-velocity.y).atan2(-velocity.x);
            let (sin, cos) = angle.sin_cos();
            let (x, y) = (place.x + cos * body.radius, place.y + sin * body.radius);
            let exhaust = Burst {
                x,
                y,
                count: 2,
                angle,
                spread: 0.35,
                speed: 150.0,
                life: 20,
                size: 4.0,
                color: palette::faded(palette::ORANGE, 0.6),
                streak: false,
            };
            self.particles.burst(&exhaust, &mut frame.random(id));
        }
    }

    fn show_kill(&mut self, event: &GameEvent, random: &mut Random) {
        let &GameEvent { x, y, value, variant, .. } = event;
        let color = sprites::enemy_color(variant, Mood::Hunt);
        let heavy = if variant == Variant::Hexagon { 1.7 } else { 1.0 };
        let sparks = Burst { x, y, count: (14.0 * heavy) as u32, speed: 340.0 * heavy, color, ..sparks_around() };
        self.particles.burst(&sparks, random);
        let embers = Burst { count: 6, speed: 120.0, size: 5.0, streak: false, ..sparks };
        self.particles.burst(&embers, random);
        self.effects.ring(Ring { x, y, radius: 6.0, growth: 2.6 * heavy, life: 18, span: 18, color });
        self.effects.ripple(Ripple { x, y, radius: 110.0 * heavy, strength: 8.0 * heavy });
        self.effects.points(x, y, value);
        self.effects.shake(0.8 * heavy);
    }

    /// Shows that the ship was hit; `strength` in `0.0 ..= 1.0`.
    fn show_crash(&mut self, event: &GameEvent, strength: f32, random: &mut Random) {
        let &GameEvent { x, y, .. } = event;
        let sparks =
            Burst { x, y, count: 60, speed: 620.0, life: 50, size: 3.0, color: palette::ICE, ..sparks_around() };
        self.particles.burst(&sparks, random);
        self.particles.burst(&Burst { count: 30, color: palette::ORANGE, speed: 400.0, ..sparks }, random);
        for (growth, color) in [(9.0, palette::ICE), (6.0, palette::RED), (3.5, palette::ORANGE)] {
            self.effects.ring(Ring { x, y, radius: 10.0, growth, life: 36, span: 36, color });
        }
        self.effects.ripple(Ripple { x, y, radius: 340.0, strength: 24.0 });
        self.effects.shake(20.0 * strength);
        self.effects.flash(palette::RED, strength);
    }
}

/// A template of sparks in all directions.
fn sparks_around() -> Burst {
    Burst {
        x: 0.0,
        y: 0.0,
        count: 0,
        angle: 0.0,
        spread: Burst::ROUND,
        speed: 0.0,
        life: 34,
        size: 2.4,
        color: palette::WHITE,
        streak: true,
    }
}

/// Blue at rest, violet with a high combo, red when lost, dim when paused.
fn grid_color(game: &GameState) -> Color {
    let heat = (game.combo.saturating_sub(10) as f32 / 60.0).clamp(0.0, 1.0);
    let blend = |cold: f32, hot: f32| (cold + (hot - cold) * heat) as u8;
    match game.phase {
        Phase::Paused => [30, 45, 100, 255],
        Phase::Over => [130, 28, 50, 255],
        _ => [blend(45.0, 150.0), blend(75.0, 50.0), blend(190.0, 210.0), 255],
    }
}

fn draw_enemies(canvas: &mut Canvas<'_>, enemies: &Enemies<'_>, tick: u64) {
    let strength = (CROWD as f32 / enemies.len().max(1) as f32).sqrt().clamp(0.5, 1.0);
    for (place, velocity, body, enemy) in enemies {
        canvas.draw(sprites::enemy(*place, *velocity, enemy, body.radius, tick, strength));
        if strength == 1.0 {
            canvas.draw_all(sprites::armor(*place, enemy, body.radius));
        }
    }
}

fn draw_bullets(canvas: &mut Canvas<'_>, bullets: &Bullets<'_>) {
    for (place, velocity) in bullets {
        canvas.draw(DrawCommand::ripple(place.x, place.y, 28.0, 0.7));
        canvas.draw(sprites::bullet(*place, *velocity));
    }
}

fn draw_ships(canvas: &mut Canvas<'_>, ships: &Ships<'_>, tick: u64) {
    for (_, place, _, body, ship) in ships {
        canvas.draw_all(sprites::ship(*place, ship, body.radius, tick).into_iter().flatten());
    }
}

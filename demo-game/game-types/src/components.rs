//! Components: the whole visible state of the game, one struct per column.
//!
//! Lengths are world units (a view shows 1280 × 720 of them, centred on the origin, y up), speeds are units per second,
//! times are ticks of 1/60 s.

use plugin_sdk::prelude::*;

/// Centre of a body. Written only by physics.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct Position {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
}

/// The wanted velocity before physics, the real one after it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct Velocity {
    /// To the right.
    pub x: f32,
    /// Up.
    pub y: f32,
}

/// A circle that physics moves and collides.
#[derive(Clone, Copy, Debug, PartialEq, Component)]
#[repr(C)]
pub struct Body {
    /// In units, above 0.
    pub radius: f32,
    /// Its role in collisions.
    pub kind: BodyKind,
}

/// Role of a [`Body`] in collisions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Plain)]
#[repr(u32)]
pub enum BodyKind {
    /// The player's ship.
    Ship,
    /// Jostles other enemies and the ship.
    Enemy,
    /// Passes through everything but enemies.
    Bullet,
}

/// The player's ship.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct Ship {
    /// Direction of its nose, in radians counter-clockwise from the right.
    pub facing: f32,
    /// Ticks until it can fire again.
    pub cooldown: u32,
    /// Ticks during which it is invulnerable.
    pub shield: u32,
}

/// One of the swarm.
#[derive(Clone, Copy, Debug, PartialEq, Component)]
#[repr(C)]
pub struct Enemy {
    /// Its look and behaviour.
    pub variant: Variant,
    /// Its behaviour. Written only by ai.
    pub mood: Mood,
    /// Ticks until `mood` may change.
    pub mood_ticks: u32,
    /// Hits left.
    pub health: u32,
}

/// Look and behaviour of an [`Enemy`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Plain)]
#[repr(u32)]
pub enum Variant {
    /// Fast and weak.
    #[default]
    Dart,
    /// Weaves.
    Diamond,
    /// Slow and tough.
    Hexagon,
}

impl Variant {
    /// Number of variants.
    pub const COUNT: usize = 3;
    /// Every variant, by number.
    pub const ALL: [Self; Self::COUNT] = [Self::Dart, Self::Diamond, Self::Hexagon];
}

/// Behaviour of an [`Enemy`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, Plain)]
#[repr(u32)]
pub enum Mood {
    /// Flocks with its neighbours.
    Wander,
    /// Saw the ship and pursues it.
    Hunt,
    /// Flees from a hit nearby.
    Scatter,
}

impl Mood {
    /// Number of moods.
    pub const COUNT: usize = 3;
    /// Every mood, by number.
    pub const ALL: [Self; Self::COUNT] = [Self::Wander, Self::Hunt, Self::Scatter];
}

/// A shot of the ship.
#[derive(Clone, Copy, Debug, PartialEq, Component)]
#[repr(C)]
pub struct Bullet {
    /// Ticks until it disappears.
    pub life: u32,
}

/// Input of the player (or bot) for this tick, on the only entity that also has [`Tuning`] and [`GameState`]. Written by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct Input {
    /// In `-1.0 ..= 1.0`, to the right.
    pub move_x: f32,
    /// In `-1.0 ..= 1.0`, up.
    pub move_y: f32,
    /// Aim point, in units.
    pub aim_x: f32,
    /// Aim point, in units.
    pub aim_y: f32,
    /// Bits [`Input::FIRE`] | [`Input::PAUSE`] | [`Input::RESTART`]; the last two are set only in the tick of the key press.
    pub buttons: u32,
}

impl Input {
    /// Held: shoot.
    pub const FIRE: u32 = 1;
    /// Pressed: pause or continue.
    pub const PAUSE: u32 = 2;
    /// Pressed: start over.
    pub const RESTART: u32 = 4;
}

/// Numbers from `assets/tuning.toml`. Written by the host.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct Tuning {
    /// Units per second.
    pub ship_speed: f32,
    /// Units per second.
    pub bullet_speed: f32,
    /// Ticks between two shots.
    pub fire_interval: u32,
    /// Ticks that a bullet flies.
    pub bullet_life: u32,
    /// Units per second, of variant 0 in the first wave.
    pub enemy_speed: f32,
    /// How far an enemy sees its flock, in units.
    pub flock_radius: f32,
    /// How far an enemy sees the ship, in units.
    pub sight_radius: f32,
    /// Enemies of the first wave.
    pub first_wave: u32,
    /// Enemies that each wave adds.
    pub wave_growth: u32,
    /// Lives at the start.
    pub lives: u32,
    /// If above 0: keeps that many enemies alive, whatever the wave (`--agents`).
    pub agents: u32,
}

/// Score and phase. Written only by director.
#[derive(Clone, Copy, Debug, Default, PartialEq, Component)]
#[repr(C)]
pub struct GameState {
    /// Phase of the game.
    pub phase: Phase,
    /// Ticks in this phase.
    pub phase_ticks: u32,
    /// Points.
    pub score: u32,
    /// Best score since the world was created.
    pub best: u32,
    /// Counts from 1.
    pub wave: u32,
    /// Lives left.
    pub lives: u32,
    /// Score multiplier in tenths, from 10: rises with kills while enemies hunt, falls with time.
    pub combo: u32,
    /// Enemies alive.
    pub enemies: u32,
}

/// Phase of the game.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Plain)]
#[repr(u32)]
pub enum Phase {
    /// Before director's first tick.
    #[default]
    Fresh,
    /// The game is running.
    Playing,
    /// Nothing moves.
    Paused,
    /// Out of lives; [`Input::RESTART`] starts over.
    Over,
}

//! The numbers that one plays with while the game runs: save this file, and the next frame obeys.
//!
//! Ticks are 1/60 s. What the *player* should tune without a compiler is in `assets/tuning.toml`.

/// Points of a kill at combo 1, before [`VARIANT_WORTH`].
pub(crate) const POINTS_PER_KILL: u32 = 10;
/// Factor of a kill's points: dart, diamond, hexagon.
pub(crate) const VARIANT_WORTH: [u32; 3] = [1, 2, 4];
/// A life for each so many points.
pub(crate) const POINTS_PER_LIFE: u32 = 25_000;
/// More lives than these are not given.
pub(crate) const LIVES_MAX: u32 = 9;

/// Combo after nothing happened for long, in tenths.
pub(crate) const COMBO_MIN: u32 = 10;
/// Highest combo, in tenths.
pub(crate) const COMBO_MAX: u32 = 99;
/// What a kill adds to the combo, in tenths.
pub(crate) const COMBO_PER_KILL: u32 = 1;
/// What a kill adds on top while the swarm hunts.
pub(crate) const COMBO_PER_HOT_KILL: u32 = 1;
/// How long one hunter's call keeps the swarm "hot", in ticks.
pub(crate) const HEAT_PER_HUNTER: u32 = 30;
/// Longest heat, in ticks.
pub(crate) const HEAT_MAX: u32 = 180;
/// Ticks after a kill in which the combo stands.
pub(crate) const COMBO_GRACE_TICKS: u32 = 60;
/// Then it loses a tenth each so many ticks.
pub(crate) const COMBO_FALL_TICKS: u32 = 4;

/// Ticks of shield at the start and after a hit.
pub(crate) const SHIELD_TICKS: u32 = 120;
/// Radius of the ship, in units.
pub(crate) const SHIP_RADIUS: f32 = 13.0;
/// Radius of a bullet, in units.
pub(crate) const BULLET_RADIUS: f32 = 4.0;
/// From the ship's centre to where bullets leave it, in units.
pub(crate) const MUZZLE: f32 = 16.0;
/// Combo, in tenths, from which the ship fires two bullets at once, and three.
pub(crate) const COMBO_FOR_SHOTS: [u32; 2] = [25, 55];
/// Between the directions of bullets fired at once, in radians.
pub(crate) const FAN_ANGLE: f32 = 0.09;

/// Most enemies of one wave.
pub(crate) const WAVE_SIZE_MAX: u32 = 600;
/// Enemies that come in together.
pub(crate) const SQUAD_SIZE: u32 = 20;
/// Ticks between two squads of the first wave; later ones come faster.
pub(crate) const SQUAD_TICKS: u32 = 40;
/// Ticks between two squads, at least.
pub(crate) const SQUAD_TICKS_MIN: u32 = 10;
/// Ticks of rest between two waves.
pub(crate) const REST_TICKS: u32 = 90;
/// No enemy appears closer to the ship, in units.
pub(crate) const SAFE_DISTANCE: f32 = 300.0;
/// First wave with diamonds, first wave with hexagons.
pub(crate) const VARIANT_FROM_WAVE: [u32; 2] = [1, 1];
/// Hits that a variant takes: dart, diamond, hexagon.
pub(crate) const VARIANT_HEALTH: [u32; 3] = [1, 1, 4];
/// Each so many waves a hexagon takes one hit more.
pub(crate) const WAVES_PER_HEALTH: u32 = 3;
/// Radius of a variant, in units: dart, diamond, hexagon.
pub(crate) const VARIANT_RADIUS: [f32; 3] = [9.0, 9.0, 13.0];

/// With `--agents`, the part of the arena that enemies may cover; they shrink to that.
pub(crate) const AGENTS_COVERAGE: f32 = 0.15;
/// With `--agents`, variants are mixed as in this wave.
pub(crate) const AGENTS_MIX_OF_WAVE: u32 = 6;
/// With `--agents`, a lost game begins anew after so many ticks.
pub(crate) const AGENTS_RESTART_TICKS: u32 = 180;

//! Numbers to change while the game runs: save this file, and the next frame uses them.
//!
//! Ticks are 1/60 s. Numbers that the *player* should tune without a compiler are in `assets/tuning.toml`.

/// Points of a kill at combo 1, before [`VARIANT_WORTH`].
pub(crate) const POINTS_PER_KILL: u32 = 10;
/// Factor of a kill's points: dart, diamond, hexagon.
pub(crate) const VARIANT_WORTH: [u32; 3] = [1, 2, 4];
/// Points that win a life.
pub(crate) const POINTS_PER_LIFE: u32 = 25_000;
/// Maximum number of lives.
pub(crate) const LIVES_MAX: u32 = 9;

/// Lowest combo, reached when nothing happens for long; in tenths.
pub(crate) const COMBO_MIN: u32 = 10;
/// Highest combo, in tenths.
pub(crate) const COMBO_MAX: u32 = 99;
/// Amount that a kill adds to the combo, in tenths.
pub(crate) const COMBO_PER_KILL: u32 = 1;
/// Amount that a kill adds in addition while the swarm hunts.
pub(crate) const COMBO_PER_HOT_KILL: u32 = 1;
/// How long one hunter's call keeps the swarm "hot", in ticks.
pub(crate) const HEAT_PER_HUNTER: u32 = 30;
/// Longest heat, in ticks.
pub(crate) const HEAT_MAX: u32 = 180;
/// Ticks after a kill during which the combo doesn't fall.
pub(crate) const COMBO_GRACE_TICKS: u32 = 60;
/// Then it falls by a tenth every so many ticks.
pub(crate) const COMBO_FALL_TICKS: u32 = 4;

/// Ticks of shield at the start and after a hit.
pub(crate) const SHIELD_TICKS: u32 = 120;
/// Radius of the ship, in units.
pub(crate) const SHIP_RADIUS: f32 = 13.0;
/// Radius of a bullet, in units.
pub(crate) const BULLET_RADIUS: f32 = 4.0;
/// Distance from the ship's centre to where bullets leave it, in units.
pub(crate) const MUZZLE: f32 = 16.0;
/// Combo, in tenths, from which the ship fires two bullets at once, and from which three.
pub(crate) const COMBO_FOR_SHOTS: [u32; 2] = [25, 55];
/// Angle between bullets fired at once, in radians.
pub(crate) const FAN_ANGLE: f32 = 0.09;

/// Maximum number of enemies in one wave.
pub(crate) const WAVE_SIZE_MAX: u32 = 600;
/// Number of enemies that appear together.
pub(crate) const SQUAD_SIZE: u32 = 20;
/// Ticks between two squads of the first wave; later ones come faster.
pub(crate) const SQUAD_TICKS: u32 = 40;
/// Minimum number of ticks between two squads.
pub(crate) const SQUAD_TICKS_MIN: u32 = 10;
/// Ticks of rest between two waves.
pub(crate) const REST_TICKS: u32 = 90;
/// Minimum distance from the ship at which enemies appear, in units.
pub(crate) const SAFE_DISTANCE: f32 = 300.0;
/// First wave with diamonds, first wave with hexagons.
pub(crate) const VARIANT_FROM_WAVE: [u32; 2] = [1, 1];
/// Hits that a variant takes: dart, diamond, hexagon.
pub(crate) const VARIANT_HEALTH: [u32; 3] = [1, 1, 4];
/// Every so many waves, a hexagon takes one more hit.
pub(crate) const WAVES_PER_HEALTH: u32 = 3;
/// Radius of a variant, in units: dart, diamond, hexagon.
pub(crate) const VARIANT_RADIUS: [f32; 3] = [9.0, 9.0, 13.0];

/// With `--agents`, the part of the arena that enemies may cover; they shrink to fit.
pub(crate) const AGENTS_COVERAGE: f32 = 0.15;
/// With `--agents`, variants are mixed as in this wave.
pub(crate) const AGENTS_MIX_OF_WAVE: u32 = 6;
/// With `--agents`, ticks after which a lost game starts over.
pub(crate) const AGENTS_RESTART_TICKS: u32 = 180;

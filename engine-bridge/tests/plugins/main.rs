//! Plugins in a real world: cargo-built fixture plugins over bevy's columns.
//!
//! | module | shows |
//! |---|---|
//! | [`swapping`] | terms that stay keep the schedules, terms that change rebuild them, terms that don't fit are refused |
//! | [`commanding`] | what becomes of good, stale, unknown and malformed commands |
//! | [`failing`] | a system's panic costs its own plugin alone |
//! | [`redeclaring`] | a component's name means another layout once nobody uses the old one |
//! | [`installing`] | hosts that come and go while a world lives |
//! | [`ordering`] | one order of systems, however the plugins came |

mod commanding;
mod failing;
mod game;
mod installing;
mod ordering;
mod redeclaring;
#[path = "../../../plugin-host/tests/support/mod.rs"]
mod support;
mod swapping;
#[path = "../../../plugin-host/fixtures/lib.rs"]
pub mod types;

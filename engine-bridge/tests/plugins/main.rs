//! Fixture plugins, built by cargo and really loaded, over the columns of a bevy world.
//!
//! | module | shows |
//! |---|---|
//! | [`swapping`] | unchanged terms keep the schedules, changed terms rebuild them, terms that don't fit are refused |
//! | [`commanding`] | outcomes of valid, stale, unknown and malformed commands |
//! | [`failing`] | a system's panic affects only its own plugin |
//! | [`redeclaring`] | a component's name may get another layout once the old one is unused |
//! | [`installing`] | hosts that are installed and dropped while a world lives |
//! | [`ordering`] | the order of systems doesn't depend on the order of loading |

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

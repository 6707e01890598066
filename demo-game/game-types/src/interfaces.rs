//! Interfaces: what plugins export and others call by a typed client.

use plugin_sdk::prelude::*;

/// The director's exports, for whoever wants to change the game while it runs.
#[interface]
pub trait DirectorApi {
    /// Begins wave `number`, from 1 to 999, at the next tick of play; returns the number.
    fn set_wave(&mut self, number: u32) -> Result<u32>;
}

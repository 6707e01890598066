//! Shared parts of the tests: built programs, plugins folders, running games.

pub(crate) mod built;
pub(crate) mod game;
pub(crate) mod observer;
pub(crate) mod plugins;
pub(crate) mod process;

use std::time::Duration;

/// A longer wait means that something hangs.
pub(crate) const HANG: Duration = Duration::from_secs(180);

/// The game's own plugins.
pub(crate) const PLUGINS: [&str; 4] = ["ai", "director", "physics", "render"];

/// All topics of the game, each with its priority.
pub(crate) const TOPICS: [(&str, &str); 4] =
    [("ai/chatter", "normal"), ("game/event", "critical"), ("physics/contact", "high"), ("render/commands", "low")];

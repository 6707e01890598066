//! Topics: who sends which messages to whom.
//!
//! | topic | from | read by |
//! |---|---|---|
//! | `physics/contact` | physics | director (damage), ai (scatter), render (sparks) |
//! | `game/event` | director | ai (new waves hunt sooner), render (explosions, shake) |
//! | `ai/chatter` | ai | director (combo), render (alert marks) |
//! | `render/commands` | render | the presenter |

use plugin_sdk::prelude::*;

use crate::{Chatter, Contact, DrawCommand, GameEvent};

topic! {
    /// Contacts that began this tick.
    pub Contacts("physics/contact"): Contact, priority = High, capacity = 1 << 18;
    /// Decisions of the rules.
    pub GameEvents("game/event"): GameEvent, priority = Critical, capacity = 1 << 18;
    /// Mood changes.
    pub AiChatter("ai/chatter"): Chatter, priority = Normal, capacity = 1 << 18;
    /// A frame's picture, in drawing order.
    pub DrawCommands("render/commands"): DrawCommand, priority = Low, capacity = 1 << 24;
}

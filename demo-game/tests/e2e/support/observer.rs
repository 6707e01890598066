//! The test as another process that receives a running game's pictures.

use std::path::Path;

use game_types::topics::DrawCommands;
use game_types::{DrawCommand, DrawKind, Shape};
use plugin_sdk::wire::Topic as _;
use shm_bus::{Attachment, Bus, Inbox, Start};

use super::HANG;
use super::game::BUS;

/// Size of the score's digits.
const SCORE_SIZE: f32 = 36.0;

/// An observer; see the module.
pub(crate) struct Observer {
    inbox: Inbox,
}

/// The content of one frame.
pub(crate) struct Picture {
    /// Centres of the enemies, in drawing order.
    pub(crate) enemies: Vec<[f32; 2]>,
    /// The score, if it is shown.
    pub(crate) score: Option<u64>,
    /// The wave, if it is shown.
    pub(crate) wave: Option<u64>,
}

impl Observer {
    /// Observes the game whose bus is in `folder` and whose render plugin runs.
    pub(crate) fn attach(folder: &Path) -> Self {
        let bus = Bus::attach_in(folder, BUS).expect("the game's bus");
        let mut inbox = bus.inbox("test", Attachment::Observer).expect("an inbox");
        inbox.subscribe_untyped(DrawCommands::NAME, Start::Now).expect("the pictures");
        Self { inbox }
    }

    /// The next picture; panics if one was missed.
    pub(crate) fn next(&mut self) -> Picture {
        loop {
            assert!(self.inbox.wait_timeout(HANG).expect("it can be read"), "no picture came");
            if let Some(delivery) = self.inbox.receive().expect("it can be read") {
                assert_eq!(delivery.lost, 0, "the test was too slow to see all pictures");
                return Picture::of(delivery.messages::<DrawCommand>().expect("draw commands"));
            }
        }
    }
}

impl Picture {
    fn of(commands: &[DrawCommand]) -> Self {
        let is_enemy = |command: &&DrawCommand| {
            let shape = Shape::from_byte(command.shape);
            command.kind == DrawKind::Sprite as u8
                && matches!(shape, Some(Shape::Dart | Shape::Diamond | Shape::Hexagon))
        };
        let mut texts = commands.iter().filter(|command| command.kind == DrawKind::Text as u8);
        let score = texts.clone().find(|text| text.size == SCORE_SIZE && text.column == 0).map(text);
        let wave = texts.find_map(|command| text(command).strip_prefix("WAVE ")?.parse().ok());
        Self {
            enemies: commands.iter().filter(is_enemy).map(|command| [command.x, command.y]).collect(),
            score: score.and_then(|digits| digits.parse().ok()),
            wave,
        }
    }
}

fn text(command: &DrawCommand) -> String {
    let (characters, count) = command.characters();
    String::from_utf8_lossy(&characters[..count]).into_owned()
}

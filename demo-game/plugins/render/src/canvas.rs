//! A frame's draw commands: collected in the frame arena, sent by loan in chunks.

use game_types::DrawCommand;
use game_types::topics::DrawCommands;
use plugin_sdk::prelude::*;

/// Commands of one record.
const CHUNK: usize = 4_096;

/// Commands of a frame, in drawing order.
#[derive(Debug)]
pub(crate) struct Canvas<'frame> {
    commands: ArenaVec<'frame, DrawCommand>,
    /// Whether the arena had room for all commands.
    complete: bool,
}

impl<'frame> Canvas<'frame> {
    /// An empty one, with room for about `expected` commands.
    pub(crate) fn new(arena: Arena<'frame>, expected: usize) -> Result<Self, ArenaFull> {
        Ok(Self { commands: arena.vec(expected)?, complete: true })
    }

    pub(crate) fn draw(&mut self, command: DrawCommand) {
        self.complete &= self.commands.push(command).is_ok();
    }

    pub(crate) fn draw_all(&mut self, commands: impl IntoIterator<Item = DrawCommand>) {
        commands.into_iter().for_each(|command| self.draw(command));
    }

    /// Sends all commands. An incomplete picture is better than none, so a full lane or arena ends it early.
    pub(crate) fn send(&self, frame: &Frame<'_>, publisher: &mut Publisher<'_, DrawCommands>) {
        if !self.complete {
            frame.log(Level::WARN, format_args!("the frame arena is full: the picture is not complete"));
        }
        for chunk in self.commands.chunks(CHUNK) {
            let Ok(mut loan) = publisher.loan(chunk.len()) else { return };
            let fits = chunk.iter().all(|&command| loan.push(command).is_ok());
            debug_assert!(fits, "a loan has the room that was asked for");
            let _ = loan.commit();
        }
    }
}

//! The terminal: taken over, and given back however the command ends.
//!
//! # Failure
//! A panic restores the terminal before it is told; so does dropping the screen.

use std::io::{self, IsTerminal as _};

use ratatui::{DefaultTerminal, Frame};

/// See the module.
pub(super) struct Screen {
    terminal: DefaultTerminal,
}

/// There is none.
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to draw on; `hotframe bus top --once` or `--json` prints instead")]
struct NoTerminal(#[source] Option<io::Error>);

impl Screen {
    pub(super) fn open() -> Result<Self, Box<dyn std::error::Error>> {
        if !io::stdout().is_terminal() {
            return Err(NoTerminal(None).into());
        }
        // With a hook that restores the terminal at a panic.
        let terminal = ratatui::try_init().map_err(|error| NoTerminal(Some(error)))?;
        Ok(Self { terminal })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// Stops this process as Ctrl-Z does, with the terminal given back meanwhile.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            ratatui::try_restore()?;
            rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::TSTP)?;
            self.terminal = ratatui::try_init()?;
        }
        self.terminal.clear()
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

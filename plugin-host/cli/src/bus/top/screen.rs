//! Takes over the terminal, and restores it while the command is stopped and however it ends.
//!
//! # Failure
//! A panic restores the terminal before it is reported; so does dropping the screen. A command that is stopped by a signal, not by a key,
//! can't restore it, but takes it over again when it continues.

use std::io::{self, IsTerminal as _};

use ratatui::backend::CrosstermBackend;
use ratatui::crossterm::execute;
use ratatui::crossterm::terminal::{EnterAlternateScreen, enable_raw_mode};
use ratatui::{DefaultTerminal, Frame, Terminal};

/// See the module.
pub(super) struct Screen {
    terminal: DefaultTerminal,
    #[cfg(unix)]
    stops: stops::Stops,
}

/// There is no terminal.
#[derive(Debug, thiserror::Error)]
#[error("there is no terminal to draw on; `hotframe bus top --once` or `--json` prints instead")]
struct NoTerminal(#[source] Option<io::Error>);

impl Screen {
    pub(super) fn open() -> Result<Self, Box<dyn std::error::Error>> {
        if !io::stdout().is_terminal() {
            return Err(NoTerminal(None).into());
        }
        #[cfg(unix)]
        let stops = stops::Stops::watch()?;
        // This also installs a hook that restores the terminal at a panic.
        let terminal = ratatui::try_init().map_err(|error| NoTerminal(Some(error)))?;
        Ok(Self {
            terminal,
            #[cfg(unix)]
            stops,
        })
    }

    pub(super) fn draw(&mut self, draw: impl FnOnce(&mut Frame<'_>)) -> io::Result<()> {
        self.terminal.draw(draw).map(drop)
    }

    /// After this process was stopped in any way: takes the terminal over again. Returns whether everything must be redrawn.
    pub(super) fn resume(&mut self) -> io::Result<bool> {
        #[cfg(unix)]
        if self.stops.has_gone_on() {
            self.take_over()?;
            return Ok(true);
        }
        Ok(false)
    }

    /// Stops this command as Ctrl-Z does; the terminal is restored meanwhile.
    pub(super) fn suspend(&mut self) -> io::Result<()> {
        #[cfg(unix)]
        {
            ratatui::try_restore()?;
            self.stops.stop()?;
            self.take_over()?;
        }
        Ok(())
    }

    /// Takes the terminal over again, whatever other programs did to it meanwhile.
    #[cfg(unix)]
    fn take_over(&mut self) -> io::Result<()> {
        // Otherwise raw mode would count as never left.
        ratatui::try_restore()?;
        enable_raw_mode()?;
        execute!(io::stdout(), EnterAlternateScreen)?;
        // The new terminal assumes an empty screen, which is true. Clearing it would query the cursor position, and the thread that reads
        // keys would get the answer.
        self.terminal = Terminal::new(CrosstermBackend::new(io::stdout()))?;
        Ok(())
    }
}

impl Drop for Screen {
    fn drop(&mut self) {
        ratatui::restore();
    }
}

/// Detects that this process was stopped and continued.
#[cfg(unix)]
mod stops {
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::{Duration, Instant};

    use rustix::process::{Signal, kill_current_process_group};

    pub(super) struct Stops {
        continued: Arc<AtomicBool>,
    }

    impl Stops {
        /// How long the system may take to stop this process when asked. It doesn't stop one that no shell could continue.
        const PATIENCE: Duration = Duration::from_millis(100);

        pub(super) fn watch() -> io::Result<Self> {
            let continued = Arc::new(AtomicBool::new(false));
            signal_hook::flag::register(signal_hook::consts::SIGCONT, Arc::clone(&continued))?;
            Ok(Self { continued })
        }

        /// Whether this process was stopped and continued since the last call.
        pub(super) fn has_gone_on(&self) -> bool {
            self.continued.swap(false, Ordering::Relaxed)
        }

        /// Stops this process and all that were started with it, such as the `cargo` that runs it, which the shell waits for. Returns when
        /// it continues.
        pub(super) fn stop(&self) -> io::Result<()> {
            self.continued.store(false, Ordering::Relaxed);
            kill_current_process_group(Signal::TSTP)?;
            let asked = Instant::now();
            while !self.has_gone_on() && asked.elapsed() < Self::PATIENCE {
                std::thread::sleep(Duration::from_millis(1));
            }
            Ok(())
        }
    }
}

//! A run from flags to summary: in a window, or without one.

use std::error::Error;
use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;
use std::time::Instant;

use plugin_host::{ExitGuard, Exporter, with_causes};
use shm_bus::Bus;

use crate::app::{App, AppError, refuse_second_game};
use crate::cli::Options;
use crate::presenter::window::{self, Flow, Game, WindowError};
use crate::presenter::{Canvas, InputState, Pacer, screenshot};
use crate::stop::is_asked;
use crate::{output, plugins, stop, tuning};

/// Default number of frames of a run without a window.
const HEADLESS_FRAMES: u64 = 600;

/// Default path of the picture if there is no display.
const SCREENSHOT: &str = "screenshot.png";

/// A bus name that no live bus has. The process id makes it easy to find, but another pid namespace may use the same one.
fn own_bus() -> String {
    let live = shm_bus::list().unwrap_or_default();
    let name = format!("demo-{}", std::process::id());
    let others = (2_u64..).map(|number| format!("{name}-{number}"));
    std::iter::once(name.clone()).chain(others).find(|name| !live.contains(name)).unwrap_or(name)
}

/// Plays as the flags request, or until Ctrl-C, then reports. Returns whether everything could be done.
pub(crate) fn play(options: &Options) -> Result<ExitCode, Box<dyn Error>> {
    stop::listen()?;
    let tuning = tuning::load(options.agents)?;
    [&options.report, &options.screenshot].into_iter().flatten().try_for_each(|file| output::check(file))?;
    let bus = options.bus.clone().unwrap_or_else(own_bus);
    let bus = Bus::open(&bus)?;
    refuse_second_game(&bus)?;
    // Last, because it replaces files that another game may be watching.
    let folder = plugins::folder(options.plugins.as_deref())?;
    // Until this function returns, an `exit` is not the game's own.
    let _guard = ExitGuard::hold();
    tracing::info!("plugins in {}, bus {}", folder.display(), bus.name());
    // It outlives the game that has no window and the one that replaces it: a process has one.
    let exporter = options.metrics.map(Exporter::start).transpose()?;
    let app = |bot| {
        let app = App::new(&folder, bus.clone(), tuning, options.seed, bot)?;
        if let Some(exporter) = &exporter {
            exporter.attach(app.figures());
        }
        Ok::<_, AppError>(app)
    };
    if options.headless {
        let mut app = app(options.bot)?;
        without_window(&mut app, options.frames.unwrap_or(HEADLESS_FRAMES), options.realtime);
        return Ok(finish(&mut app, options, options.screenshot.as_deref()));
    }
    let mut windowed = Windowed { app: app(options.bot)?, frames: options.frames };
    match window::run("Hotframe", &mut windowed) {
        Ok(dropped) => {
            windowed.app.leave_out(dropped);
            Ok(finish(&mut windowed.app, options, options.screenshot.as_deref()))
        }
        Err(reason @ (WindowError::NoDisplay | WindowError::EventLoop(_))) => {
            tracing::info!("{reason}: playing without a window, at 60 Hz, with the bot");
            drop(windowed);
            let picture = options.screenshot.as_deref().unwrap_or(Path::new(SCREENSHOT));
            output::check(picture)?;
            let mut app = app(true)?;
            without_window(&mut app, options.frames.unwrap_or(HEADLESS_FRAMES), true);
            Ok(finish(&mut app, options, Some(picture)))
        }
        Err(error) => Err(error.into()),
    }
}

/// Plays `frames` frames, as fast as possible or at 60 Hz.
fn without_window(app: &mut App, frames: u64, realtime: bool) {
    let mut pacer = Pacer::new(Instant::now());
    for _ in 0..frames {
        if is_asked() {
            break;
        }
        if realtime {
            let due = pacer.due();
            std::thread::sleep(due.saturating_duration_since(Instant::now()));
            pacer.begin(Instant::now().max(due));
        }
        app.frame(&InputState::default(), realtime.then(|| pacer.due()));
    }
    app.leave_out(pacer.dropped());
}

struct Windowed {
    app: App,
    frames: Option<u64>,
}

impl Game for Windowed {
    fn frame(&mut self, input: &InputState, deadline: Instant) -> Flow {
        self.app.frame(input, Some(deadline));
        let done = self.frames.is_some_and(|frames| self.app.frames() >= frames);
        if done || is_asked() { Flow::Exit } else { Flow::Continue }
    }

    fn canvas(&self) -> &Canvas {
        self.app.canvas()
    }
}

/// Writes every report that was requested; a failure is logged and doesn't prevent the others.
fn finish(app: &mut App, options: &Options, picture: Option<&Path>) -> ExitCode {
    let report = app.report();
    let mut is_whole = report.unsaved.is_empty();
    let mut is_done = |result: Result<(), Box<dyn Error>>| {
        let is_ok = result.as_ref().inspect_err(|error| tracing::error!("{}", with_causes(&***error))).is_ok();
        is_whole &= is_ok;
        is_ok
    };
    if let Some(file) = &options.report {
        is_done(report.write(file).map_err(Into::into));
    }
    let mut summary = report.summary();
    if let Some(file) = picture
        && is_done(screenshot::write(file, app.canvas()).map_err(Into::into))
    {
        summary += &format!("screenshot in {}\n", file.display());
    }
    match io::stdout().write_all(summary.as_bytes()) {
        Err(error) if error.kind() != io::ErrorKind::BrokenPipe => is_done(Err(error.into())),
        _ => is_done(Ok(())),
    };
    if is_whole { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

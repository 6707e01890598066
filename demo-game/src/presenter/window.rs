//! A window that shows a game at a steady 60 Hz.
//!
//! Frames are played when they are [due](Pacer), not when the window system requests a picture; a request gets the last picture.
//!
//! # Failure
//! Without a display [`run`] returns at once; the game is untouched and can continue without a window.

use std::num::NonZeroU32;
use std::rc::Rc;
use std::time::Instant;

use thiserror::Error;
use winit::application::ApplicationHandler;
use winit::dpi::LogicalSize;
use winit::error::{EventLoopError, OsError};
use winit::event::{ElementState, KeyEvent, MouseButton, StartCause, WindowEvent};
use winit::event_loop::{ActiveEventLoop, ControlFlow, EventLoop, OwnedDisplayHandle};
use winit::keyboard::PhysicalKey;
use winit::window::{Window, WindowId};

use super::canvas::Canvas;
use super::input::{InputState, Keys};
use super::letterbox::Letterbox;
use super::pacer::Pacer;

/// Whether to continue after a frame.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Flow {
    /// The game continues.
    Continue,
    /// The window closes.
    Exit,
}

/// A game that a window can show.
pub(crate) trait Game {
    /// Plays and draws one frame of 1/60 s, which should be finished before `deadline`. A frame with [`InputState::quit`] is the last one,
    /// whatever the result.
    fn frame(&mut self, input: &InputState, deadline: Instant) -> Flow;

    /// The picture that [`Self::frame`] has drawn.
    fn canvas(&self) -> &Canvas;
}

/// Why there is no window, or no longer one.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum WindowError {
    /// There is no display: play without a window.
    #[error("no display is available")]
    NoDisplay,
    /// The window system cannot be reached: play without a window.
    #[error("cannot reach the window system")]
    EventLoop(#[from] EventLoopError),
    /// The window cannot be created.
    #[error("cannot open a window")]
    Window(#[from] OsError),
    /// Pixels cannot be shown.
    #[error("cannot show pixels: {0}")]
    Surface(#[from] softbuffer::SoftBufferError),
}

/// Plays `game` in a window with this title until it is closed or the game exits.
///
/// Call it on the main thread, at most once per process. Returns the number of frames that were never played because the game was too late
/// for them.
///
/// # Errors
/// [`WindowError::NoDisplay`] and [`WindowError::EventLoop`] before the first frame; the others if the window system fails later.
pub(crate) fn run(title: &str, game: &mut impl Game) -> Result<u64, WindowError> {
    if !has_display() {
        return Err(WindowError::NoDisplay);
    }
    let event_loop = EventLoop::new()?;
    let context = softbuffer::Context::new(event_loop.owned_display_handle())?;
    let mut shell = Shell {
        title,
        game,
        context,
        screen: None,
        letterbox: Letterbox::default(),
        keys: Keys::default(),
        pacer: Pacer::new(Instant::now()),
        dropped: 0,
        failure: None,
    };
    event_loop.run_app(&mut shell)?;
    let dropped = shell.dropped + shell.pacer.dropped();
    shell.failure.map_or(Ok(dropped), Err)
}

/// Whether there is a display: on Linux and the BSDs, whether the environment names one; elsewhere always.
fn has_display() -> bool {
    let named = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let optional = cfg!(all(unix, not(any(target_os = "macos", target_os = "ios", target_os = "android"))));
    !optional || ["DISPLAY", "WAYLAND_DISPLAY", "WAYLAND_SOCKET"].into_iter().any(named)
}

type Surface = softbuffer::Surface<OwnedDisplayHandle, Rc<Window>>;

struct Screen {
    window: Rc<Window>,
    surface: Surface,
}

struct Shell<'a, G> {
    title: &'a str,
    game: &'a mut G,
    context: softbuffer::Context<OwnedDisplayHandle>,
    screen: Option<Screen>,
    letterbox: Letterbox,
    keys: Keys,
    pacer: Pacer,
    /// Frames that earlier pacers left out.
    dropped: u64,
    failure: Option<WindowError>,
}

impl<G: Game> ApplicationHandler for Shell<'_, G> {
    fn resumed(&mut self, event_loop: &ActiveEventLoop) {
        match self.open(event_loop) {
            Ok(screen) => self.screen = Some(screen),
            Err(failure) => self.fail(event_loop, failure),
        }
        self.dropped += self.pacer.dropped();
        self.pacer = Pacer::new(Instant::now());
    }

    fn suspended(&mut self, _: &ActiveEventLoop) {
        self.screen = None;
    }

    fn new_events(&mut self, event_loop: &ActiveEventLoop, _: StartCause) {
        self.play_due(event_loop);
    }

    fn window_event(&mut self, event_loop: &ActiveEventLoop, _: WindowId, event: WindowEvent) {
        match event {
            WindowEvent::CloseRequested | WindowEvent::Destroyed => self.keys.close(),
            WindowEvent::Focused(false) => self.keys.release_all(),
            WindowEvent::KeyboardInput {
                event: KeyEvent { physical_key: PhysicalKey::Code(key), state, repeat: false, .. },
                ..
            } => self.keys.key(key, state == ElementState::Pressed),
            WindowEvent::MouseInput { button: MouseButton::Left, state, .. } => {
                self.keys.button(state == ElementState::Pressed);
            }
            WindowEvent::CursorMoved { position, .. } => {
                let pixel = self.letterbox.pixel([position.x, position.y]);
                self.keys.aim(self.game.canvas().world(pixel));
            }
            WindowEvent::RedrawRequested => {
                if let Err(failure) = self.show() {
                    self.fail(event_loop, failure.into());
                }
            }
            _ => {}
        }
    }

    fn about_to_wait(&mut self, event_loop: &ActiveEventLoop) {
        let flow = if self.screen.is_some() { ControlFlow::WaitUntil(self.pacer.due()) } else { ControlFlow::Wait };
        event_loop.set_control_flow(flow);
    }
}

impl<G: Game> Shell<'_, G> {
    fn open(&self, event_loop: &ActiveEventLoop) -> Result<Screen, WindowError> {
        let canvas = self.game.canvas();
        let size = LogicalSize::new(canvas.width(), canvas.height());
        let attributes = Window::default_attributes().with_title(self.title).with_inner_size(size);
        let window = Rc::new(event_loop.create_window(attributes)?);
        let surface = Surface::new(&self.context, Rc::clone(&window))?;
        Ok(Screen { window, surface })
    }

    /// Plays one frame if one is due.
    fn play_due(&mut self, event_loop: &ActiveEventLoop) {
        let Some(screen) = &self.screen else { return };
        if !self.pacer.begin(Instant::now()) {
            return;
        }
        let input = self.keys.take();
        let flow = self.game.frame(&input, self.pacer.due());
        if flow == Flow::Exit || input.quit {
            event_loop.exit();
        }
        screen.window.request_redraw();
    }

    /// Shows the last picture, fitted into the window's present size.
    fn show(&mut self) -> Result<(), softbuffer::SoftBufferError> {
        let (Some(screen), canvas) = (&mut self.screen, self.game.canvas()) else { return Ok(()) };
        let size = screen.window.inner_size();
        let (Some(width), Some(height)) = (NonZeroU32::new(size.width), NonZeroU32::new(size.height)) else {
            return Ok(());
        };
        screen.surface.resize(width, height)?;
        let (window, picture) = ([size.width, size.height], [canvas.width(), canvas.height()]);
        let [window, picture] = [window, picture].map(|size| size.map(|length| length as usize));
        if !self.letterbox.fits(window, picture) {
            self.letterbox = Letterbox::fit(window, picture);
        }
        let mut buffer = screen.surface.buffer_mut()?;
        self.letterbox.show(|y| canvas.row(y), &mut buffer);
        screen.window.pre_present_notify();
        buffer.present()
    }

    fn fail(&mut self, event_loop: &ActiveEventLoop, failure: WindowError) {
        self.failure = Some(failure);
        event_loop.exit();
    }
}

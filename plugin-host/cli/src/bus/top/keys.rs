//! Keyboard input.

use std::sync::mpsc::{Receiver, channel};

use ratatui::crossterm::event::{self, Event, KeyCode, KeyEvent, KeyEventKind, KeyModifiers};

/// The meaning of a key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Quit,
    Suspend,
    Up,
    Down,
    Left,
    Right,
    Reverse,
    Pause,
    /// The window's size has changed.
    Redraw,
}

impl Action {
    /// The meaning of a pressed key, if it has one.
    fn of(key: KeyEvent) -> Option<Self> {
        let control = key.modifiers.contains(KeyModifiers::CONTROL);
        match key.code {
            _ if key.kind == KeyEventKind::Release => None,
            KeyCode::Char('c') if control => Some(Self::Quit),
            KeyCode::Char('z') if control => Some(Self::Suspend),
            KeyCode::Char('q') | KeyCode::Esc => Some(Self::Quit),
            KeyCode::Up | KeyCode::Char('k') => Some(Self::Up),
            KeyCode::Down | KeyCode::Char('j') => Some(Self::Down),
            KeyCode::Left | KeyCode::Char('h') => Some(Self::Left),
            KeyCode::Right | KeyCode::Char('l') => Some(Self::Right),
            KeyCode::Char('r') => Some(Self::Reverse),
            KeyCode::Char(' ') => Some(Self::Pause),
            _ => None,
        }
    }
}

/// See the module.
pub(super) struct Keys {
    pressed: Receiver<Action>,
}

impl Keys {
    /// Reads keys on a thread of its own, which ends with the process.
    pub(super) fn start() -> Self {
        let (sender, pressed) = channel();
        std::thread::spawn(move || {
            loop {
                let action = match event::read() {
                    Ok(Event::Key(key)) => Action::of(key),
                    Ok(Event::Resize(..)) => Some(Action::Redraw),
                    Ok(_) => None,
                    // The terminal is gone.
                    Err(_) => Some(Action::Quit),
                };
                if action.is_some_and(|action| sender.send(action).is_err() || action == Action::Quit) {
                    break;
                }
            }
        });
        Self { pressed }
    }

    /// The next key, if one was pressed.
    pub(super) fn next(&self) -> Option<Action> {
        self.pressed.try_recv().ok()
    }
}

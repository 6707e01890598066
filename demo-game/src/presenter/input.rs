//! The player's input: keys and mouse, as the game understands them.
//!
//! This module identifies keys by their position on the keyboard (WASD is where it is on a QWERTY keyboard), and knows nothing of windows.

use winit::keyboard::KeyCode;

/// The player's input for one frame. `Default` means no input.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(crate) struct InputState {
    /// −1 (left) to 1 (right).
    pub(crate) move_x: f32,
    /// −1 (down) to 1 (up); together with `move_x` never longer than 1.
    pub(crate) move_y: f32,
    /// Position of the mouse, in world units.
    pub(crate) aim_x: f32,
    /// Position of the mouse, in world units, up.
    pub(crate) aim_y: f32,
    /// Whether the mouse is, or has been, over the window: only then `aim_x` and `aim_y` are valid.
    pub(crate) has_aim: bool,
    /// Fire is held: left mouse button or space.
    pub(crate) fire: bool,
    /// Pause was pressed since the last frame: P or Escape.
    pub(crate) pause: bool,
    /// Restart was pressed since the last frame: R or Enter.
    pub(crate) restart: bool,
    /// The HUD's key was pressed since the last frame: Tab or F1.
    pub(crate) hud: bool,
    /// The window was closed, or Ctrl+Q pressed.
    pub(crate) quit: bool,
}

/// Keys that are down, and those pressed since the last frame.
#[derive(Debug, Default)]
pub(super) struct Keys {
    directions: [bool; 4],
    arrows: [bool; 4],
    space: bool,
    control: bool,
    mouse: bool,
    state: InputState,
}

impl Keys {
    /// A key went down or up. Repeats of a held key must not be passed on.
    pub(super) fn key(&mut self, key: KeyCode, down: bool) {
        match key {
            KeyCode::KeyW => self.directions[0] = down,
            KeyCode::KeyS => self.directions[1] = down,
            KeyCode::KeyA => self.directions[2] = down,
            KeyCode::KeyD => self.directions[3] = down,
            KeyCode::ArrowUp => self.arrows[0] = down,
            KeyCode::ArrowDown => self.arrows[1] = down,
            KeyCode::ArrowLeft => self.arrows[2] = down,
            KeyCode::ArrowRight => self.arrows[3] = down,
            KeyCode::Space => self.space = down,
            KeyCode::ControlLeft | KeyCode::ControlRight => self.control = down,
            KeyCode::KeyP | KeyCode::Escape => self.state.pause |= down,
            KeyCode::KeyR | KeyCode::Enter | KeyCode::NumpadEnter => self.state.restart |= down,
            KeyCode::Tab | KeyCode::F1 => self.state.hud |= down,
            KeyCode::KeyQ => self.state.quit |= down && self.control,
            _ => {}
        }
    }

    /// The left mouse button went down or up.
    pub(super) fn button(&mut self, down: bool) {
        self.mouse = down;
    }

    /// The mouse points at a place in the world.
    pub(super) fn aim(&mut self, [x, y]: [f32; 2]) {
        self.state = InputState { aim_x: x, aim_y: y, has_aim: true, ..self.state };
    }

    /// The window is being closed.
    pub(super) fn close(&mut self) {
        self.state.quit = true;
    }

    /// The window lost the keyboard focus: key releases are no longer seen.
    pub(super) fn release_all(&mut self) {
        *self = Self { state: self.state, ..Self::default() };
    }

    /// The input for the frame that begins now; clears the key presses since the last one.
    pub(super) fn take(&mut self) -> InputState {
        let held = |index: usize| f32::from(u8::from(self.directions[index] || self.arrows[index]));
        let (x, y) = (held(3) - held(2), held(0) - held(1));
        let length = x.hypot(y).max(1.0);
        let taken = InputState { move_x: x / length, move_y: y / length, fire: self.mouse || self.space, ..self.state };
        self.state =
            InputState { aim_x: taken.aim_x, aim_y: taken.aim_y, has_aim: taken.has_aim, ..InputState::default() };
        taken
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn held_keys_stay_and_edges_are_seen_once() {
        let mut keys = Keys::default();
        keys.key(KeyCode::KeyD, true);
        keys.key(KeyCode::ArrowUp, true);
        keys.key(KeyCode::KeyP, true);
        keys.key(KeyCode::KeyP, false);
        keys.aim([3.0, 4.0]);
        keys.button(true);
        let first = keys.take();
        assert!(first.pause && first.fire && first.has_aim);
        assert!((first.move_x.hypot(first.move_y) - 1.0).abs() < 1e-6 && first.move_x > 0.5 && first.move_y > 0.5);
        let second = keys.take();
        assert_eq!(second, InputState { pause: false, ..first });
        keys.release_all();
        assert_eq!(keys.take(), InputState { aim_x: 3.0, aim_y: 4.0, has_aim: true, ..InputState::default() });
    }

    #[test]
    fn quitting_takes_control_and_q() {
        let mut keys = Keys::default();
        keys.key(KeyCode::KeyQ, true);
        assert!(!keys.take().quit);
        keys.key(KeyCode::ControlLeft, true);
        keys.key(KeyCode::KeyQ, true);
        assert!(keys.take().quit);
    }
}

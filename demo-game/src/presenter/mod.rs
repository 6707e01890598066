//! The presenter: rasterizes draw commands and shows them in a window or writes them to a file.
//!
//! It knows `game_types::draw` and nothing else of the game: no entities, no plugins, no bus. Everything runs on the caller's thread,
//! except drawing, for which it may use a second one.
//!
//! | module | content |
//! |---|---|
//! | `canvas` | the picture: begin, draw, finish, rows of pixels |
//! | `band`, `crew` | some rows of it, drawn by any free thread |
//! | `camera` | world units to pixels |
//! | `outline`, `mask`, `atlas` | shapes and their light, all rendered at start |
//! | `stroke` | a figure of light in pixels |
//! | `planes`, `span`, `hairline` | adding light: copied masks, computed figures, thin lines |
//! | `lattice`, `backdrop`, `compose` | the springy grid, what is behind it, all layers together |
//! | `glyphs`, `ink` | text, panels and frames over the light |
//! | `screenshot` | PNG |
//! | `window`, `input`, `pacer`, `letterbox` | a window at a steady 60 Hz, its keys and mouse |
//!
//! ```ignore
//! let font = Font::parse(Font::BUILTIN)?;
//! let mut canvas = Canvas::new(1280, 720, &font);
//! canvas.begin();
//! canvas.draw(&[DrawCommand::sprite(Shape::Ship, 0.0, 0.0, 32.0, 0.0, palette::ICE)]);
//! canvas.finish();
//! screenshot::write("frame.png".as_ref(), &canvas)?;
//! ```

mod atlas;
mod backdrop;
mod band;
mod camera;
mod canvas;
mod compose;
mod crew;
mod glyphs;
mod hairline;
mod ink;
mod input;
mod lattice;
mod letterbox;
mod mask;
mod outline;
mod pacer;
mod planes;
pub(crate) mod screenshot;
mod span;
mod stroke;
#[cfg(test)]
mod tests;
pub(crate) mod window;

pub(crate) use canvas::Canvas;
pub(crate) use glyphs::{Font, FontError};
pub(crate) use input::InputState;
pub(crate) use pacer::Pacer;

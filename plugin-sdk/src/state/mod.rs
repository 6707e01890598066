//! The state that a swap keeps: MessagePack with field names, and opaque binary fields for a dependency's whole state.
//!
//! ```text
//! save     sketch of the state ─┐
//!          write ───────────────┴─► [sketch, state]
//! restore  read ─► new state ─► its sketch ─► report: kept, converted, defaulted, dropped
//! ```
//!
//! # Invariants
//! 1. Writer and reader accept the same values: [`format`] encodes values that MessagePack lacks, [`depth`] limits nesting for both. The
//!    writer refuses a value that can't be read back.
//! 2. Nothing is guessed: fields are read by name, and an opaque field only with its own layout.
//!
//! # Failure
//! An error names the field by its path.

mod deep;
mod depth;
mod error;
mod format;
mod keys;
mod length;
mod opaque;
mod outline;
mod read;
mod report;
mod sketch;
mod token;
mod whole;
mod write;

use serde::{Deserialize, Deserializer, Serializer};

pub use opaque::{deserialize_opaque, serialize_opaque};
pub use outline::Outline;
pub(crate) use report::Report;

use error::Error;
use length::LastLength;
use read::{Input, Names, blame};
use sketch::sketch;
use token::Token;
use write::Writer;

/// State of a plugin. Derive it: `#[derive(Default, PluginState)]`.
///
/// The host may save, restore and drop a state on any thread, but never during a call into the plugin. Serializing and deserializing must
/// have no side effects: a state may be saved twice, and the types of opaque fields are read from generated values to find out their
/// layout.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a plugin state",
    note = "derive it: `#[derive(Default, PluginState)]`"
)]
pub trait PluginState: Default + Send + 'static {
    /// Canonical text of the fields. The host logs when a swap changes it.
    const SCHEMA: &'static str;

    /// Draws the outlines of opaque fields when the library is loaded, so that saving and restoring need not do it during the game.
    fn prepare() {}

    /// Writes the state.
    ///
    /// # Errors
    /// The serializer's errors.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a state, possibly of an older build: missing fields take their default, unknown ones are dropped.
    ///
    /// # Errors
    /// If a field has another type, or an opaque field another format.
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Length of the last whole state.
static STATE: LastLength = LastLength::new();

/// Writes a sketch of `state`, then `state` as MessagePack with field names.
///
/// # Errors
/// If a value could not be read back, with the path of its field; or if the writer refuses the state for another reason.
pub fn save<S: PluginState>(state: &S, mut writer: impl std::io::Write) -> Result<(), String> {
    let bytes = write(state, STATE.room()).map_err(|error| error.to_string())?;
    STATE.note(bytes.len());
    writer.write_all(&bytes).map_err(|error| error.to_string())
}

fn write<S: PluginState>(state: &S, room: Vec<u8>) -> Result<Vec<u8>, Error> {
    let mut writer = Writer::new(room);
    let text = sketch::to_text(&sketch(|pencil| state.serialize(pencil)));
    writer.begin(&text)?;
    state.serialize(&mut writer)?;
    // serde's buffers for tagged, untagged and flattened types can't hold 128 bits. Only reading shows whether a value was buffered.
    if writer.has_wide_integer {
        read::<S>(&mut open(&writer.out)?.1)?;
    }
    Ok(writer.out)
}

/// Restores a state that [`save`] wrote.
///
/// # Errors
/// If a value doesn't fit, with the path of its field.
pub fn restore<S: PluginState>(bytes: &[u8]) -> Result<S, String> {
    let read = || read(&mut open(bytes)?.1);
    read().map_err(|error| error.to_string())
}

/// As [`restore`], with a report on the saved state.
pub(crate) fn restore_with_report<S: PluginState>(bytes: &[u8]) -> Result<(S, Option<Report>), String> {
    STATE.note(bytes.len());
    let read = || {
        let (before, mut input) = open(bytes)?;
        input.names = before.is_some().then(Names::new);
        let state: S = read(&mut input)?;
        let report = before.zip(input.names).map(|(before, names)| {
            Report::new(&sketch::from_text(before), &sketch(|pencil| state.serialize(pencil)), &names)
        });
        Ok((state, report))
    };
    read().map_err(|error: Error| error.to_string())
}

/// Stack for [`misfit`], which runs on its caller's thread.
const MISFIT_STACK_BYTES: usize = 256 << 10;

/// Why the value in `bytes` after `skipped` other ones is no `T`, with the path to the part that doesn't fit. `None` if it is one.
#[cold]
pub(crate) fn misfit<'de, T: Deserialize<'de>>(bytes: &'de [u8], skipped: usize) -> Option<String> {
    let mut rest = bytes;
    for _ in 0..skipped {
        token::skip(&mut rest).ok()?;
    }
    let found = T::deserialize(Input::with_stack(rest, None, MISFIT_STACK_BYTES).reader());
    found.err().map(|error| error.to_string())
}

/// The saved sketch and the state after it. A bare state has no sketch.
fn open(bytes: &[u8]) -> Result<(Option<&str>, Input<'_>), Error> {
    let mut rest = bytes;
    if Token::take(&mut rest)? == Token::Items(2)
        && let Token::Text(sketch) = Token::take(&mut rest)?
    {
        return Ok((Some(sketch), Input::new(rest, None)));
    }
    Ok((None, Input::new(bytes, None)))
}

fn read<S: PluginState>(input: &mut Input<'_>) -> Result<S, Error> {
    let start = input.rest;
    read_plain(input).map_err(|error| blame(error, start, input.fault, |other| read_plain::<S>(other).err()))
}

fn read_plain<S: PluginState>(input: &mut Input<'_>) -> Result<S, Error> {
    let state = S::deserialize(input.reader())?;
    input.end()?;
    Ok(state)
}

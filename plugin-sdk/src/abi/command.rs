//! Command records: structural changes requested by a plugin; the host checks and applies them at the end of the stage.
//!
//! ```text
//! operation:u32 count:u32 entity:u64   then count × ( hash:u64 size:u32 zero:u32 bytes, padded to 8 )
//! ```
//! Native byte order, 8-byte aligned. [`decode`] accepts any bytes: it returns commands or an error, and never panics.

/// Kind of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Operation {
    /// Spawns an entity with the components that follow; `entity` is 0.
    Spawn = 1,
    /// Despawns `entity`; no components follow.
    Despawn = 2,
    /// Adds or replaces the components that follow.
    Insert = 3,
    /// Removes the components whose hashes follow, with size 0.
    Remove = 4,
}

/// Bytes before the first component.
pub const HEADER: usize = 16;

/// Bytes before a component's data.
pub const COMPONENT_HEADER: usize = 16;

/// One component of a command.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ComponentBytes<'a> {
    /// Schema hash.
    pub hash: u64,
    /// Its bytes, 8-byte aligned within the buffer.
    pub bytes: &'a [u8],
}

/// One decoded command.
#[derive(Clone, Debug)]
pub struct Command<'a> {
    /// Kind of the command.
    pub operation: Operation,
    /// The entity that it changes.
    pub entity: u64,
    /// Number of components, counted while decoding.
    count: u32,
    /// Bytes from the first component's header on; checked to contain `count` components.
    body: &'a [u8],
}

impl<'a> Command<'a> {
    /// The components, in the order given.
    pub fn components(&self) -> impl Iterator<Item = ComponentBytes<'a>> + use<'a> {
        let mut rest = self.body;
        (0..self.count).map_while(move |_| take_component(&mut rest).ok())
    }
}

/// Why bytes are not a command buffer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Malformed {
    /// The buffer ends within a record.
    Truncated,
    /// An operation that this ABI version doesn't know.
    Operation(u32),
}

impl core::fmt::Display for Malformed {
    fn fmt(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        match self {
            Self::Truncated => out.write_str("the command buffer ends within a command"),
            Self::Operation(number) => write!(out, "unknown command operation {number}"),
        }
    }
}

impl core::error::Error for Malformed {}

/// Decodes the first command of `buffer` and advances `buffer` past it; `None` at the end.
///
/// # Errors
/// If the bytes are not a command; the rest of the buffer is then unusable.
pub fn decode<'a>(buffer: &mut &'a [u8]) -> Result<Option<Command<'a>>, Malformed> {
    if buffer.is_empty() {
        return Ok(None);
    }
    let number = take_u32(buffer)?;
    let operation = match number {
        1 => Operation::Spawn,
        2 => Operation::Despawn,
        3 => Operation::Insert,
        4 => Operation::Remove,
        other => return Err(Malformed::Operation(other)),
    };
    let count = take_u32(buffer)?;
    let entity = take_u64(buffer)?;
    let body = *buffer;
    for _ in 0..count {
        take_component(buffer)?;
    }
    Ok(Some(Command { operation, entity, count, body }))
}

fn take_component<'a>(rest: &mut &'a [u8]) -> Result<ComponentBytes<'a>, Malformed> {
    let hash = take_u64(rest)?;
    let size = take_u32(rest)? as usize;
    take_u32(rest)?;
    let padded = size.next_multiple_of(8);
    let (bytes, after) = rest.split_at_checked(padded).ok_or(Malformed::Truncated)?;
    *rest = after;
    Ok(ComponentBytes { hash, bytes: &bytes[..size] })
}

fn take_u32(rest: &mut &[u8]) -> Result<u32, Malformed> {
    let (bytes, after) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
    *rest = after;
    Ok(u32::from_ne_bytes(*bytes))
}

fn take_u64(rest: &mut &[u8]) -> Result<u64, Malformed> {
    let (bytes, after) = rest.split_first_chunk().ok_or(Malformed::Truncated)?;
    *rest = after;
    Ok(u64::from_ne_bytes(*bytes))
}

//! The type of a topic, defined once for publishers and subscribers.

#![expect(unsafe_code, reason = "views plain messages as bytes and back")]

use super::{Policy, Priority};

/// A plain-data message. Derive it with `shm-bus` or `plugin-sdk`: `#[derive(Clone, Copy, Message)] #[repr(C)]`.
///
/// A record's payload is one or more messages of this type, back to back.
///
/// # Safety
/// As for [`Plain`](super::Plain); [`Message::SCHEMA`] describes the type's actual fields.
pub unsafe trait Message: Copy + Send + Sync + 'static {
    /// Stable name, `<package>.<Type>` unless given by `#[message(name = "…")]`.
    const NAME: &'static str;
    /// Canonical schema.
    const SCHEMA: &'static str;
    /// [`schema_hash`](super::schema_hash) of [`Self::SCHEMA`].
    const SCHEMA_HASH: u64;
    /// Whether every bit pattern is a value, so that a received message needs no check.
    const ANY_BITS: bool;

    /// Whether `bytes` are a value of this type. `false` if there are more or fewer than the type has.
    fn is_value(bytes: &[u8]) -> bool;
}

/// A named, typed stream. Declare it with [`topic!`](crate::topic).
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a topic",
    label = "not a type that `topic!` declares",
    note = "write the topic's type, not its message's: `topic! {{ pub Laps(\"race/lap\"): Lap, priority = Normal, capacity = 4096; }}` declares `Laps`"
)]
pub trait Topic: 'static {
    /// The type of its messages.
    type Message: Message;
    /// Its name on the bus, such as `physics/contact`.
    const NAME: &'static str;
    /// The priority at which its publishers send.
    const PRIORITY: Priority;
    /// Bytes of each publisher's lane; a power of two, at least 4096.
    const CAPACITY: u32;
    /// What happens when a lane has no room.
    const POLICY: Policy = Policy::Reject;
}

/// The bytes of plain messages.
#[must_use]
pub const fn message_bytes<M: Message>(messages: &[M]) -> &[u8] {
    // SAFETY: `Message` promises no padding, so every byte is initialized; the length is that of the slice.
    unsafe { core::slice::from_raw_parts(messages.as_ptr().cast(), core::mem::size_of_val(messages)) }
}

/// The messages in `bytes`, or `None` if the length is no multiple of the size, the address is not aligned, or one of the messages is no
/// value of its type: a `bool` that is neither 0 nor 1, or an enum's number without a variant.
///
/// `bytes` don't change while they are borrowed. Shared memory is never borrowed so: the caller copies it first.
#[must_use]
pub fn messages_in<M: Message>(bytes: &[u8]) -> Option<&[M]> {
    let size = const {
        assert!(size_of::<M>() > 0, "a message has at least one field");
        size_of::<M>()
    };
    if bytes.is_empty() {
        return Some(&[]);
    }
    if !bytes.len().is_multiple_of(size) || !bytes.as_ptr().cast::<M>().is_aligned() {
        return None;
    }
    // Decided when compiled: messages of numbers have no check.
    if !M::ANY_BITS && !bytes.chunks_exact(size).all(M::is_value) {
        return None;
    }
    // SAFETY: aligned and a whole number of messages, each a value: checked above, or `Message` promises it of any bytes.
    Some(unsafe { core::slice::from_raw_parts(bytes.as_ptr().cast(), bytes.len() / size) })
}

/// The message whose bytes these are, at any address; `None` as for [`messages_in`], or if there is not exactly one.
#[must_use]
pub fn message_in<M: Message>(bytes: &[u8]) -> Option<M> {
    if bytes.len() != size_of::<M>() || !(M::ANY_BITS || M::is_value(bytes)) {
        return None;
    }
    // SAFETY: as many bytes as a message has, and a value: checked above, or `Message` promises it of any bytes.
    Some(unsafe { bytes.as_ptr().cast::<M>().read_unaligned() })
}

/// Declares topics: `topic! { pub Contacts("physics/contact"): Contact, priority = High, capacity = 1 << 18; }`.
///
/// Each becomes an empty type that implements [`Topic`](crate::Topic). Publishers and subscribers name that type, so name, message,
/// priority and capacity are defined in one place. `policy = DropOldest` may follow the capacity (see [`Policy`](crate::Policy);
/// `policy = Block { timeout_ms: 5 }`); without it a message without room is rejected.
#[macro_export]
macro_rules! topic {
    ($($(#[$meta:meta])* $vis:vis $ident:ident($name:literal): $message:ty, priority = $priority:ident, capacity = $capacity:expr $(, policy = $policy:ident $({ $($setting:tt)+ })?)?;)+) => {$(
        $(#[$meta])*
        #[derive(Clone, Copy, Debug)]
        $vis struct $ident;

        impl $crate::Topic for $ident {
            type Message = $message;
            const NAME: &'static str = $name;
            const PRIORITY: $crate::Priority = $crate::Priority::$priority;
            const CAPACITY: u32 = $capacity;
            $(const POLICY: $crate::Policy = $crate::Policy::$policy $({ $($setting)+ })?;)?
        }
    )+};
}

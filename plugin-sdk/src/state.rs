//! What a plugin keeps over a swap: named MessagePack, with opaque binary fields where a dependency's whole state is kept.

use core::sync::atomic::{AtomicUsize, Ordering};

use serde::de::{DeserializeOwned, Error as _};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

/// State of a plugin. Derive it: `#[derive(Default, PluginState)]`.
///
/// Written, read and dropped on whichever thread the host likes, never while the plugin is called.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is no plugin's state",
    note = "derive it: `#[derive(Default, PluginState)]`"
)]
pub trait PluginState: Default + Send + 'static {
    /// Canonical text of the fields. The host says when a swap changes it.
    const SCHEMA: &'static str;

    /// Writes the state.
    ///
    /// # Errors
    /// Those of the serializer.
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// Reads a state, possibly of an older build: fields that it lacks take their default, unknown ones are dropped.
    ///
    /// # Errors
    /// When a field has another type, or an opaque field another format.
    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error>;
}

/// Writes `state` as named MessagePack.
///
/// # Errors
/// What a field's serializer or the writer refuses, in words.
pub fn save<S: PluginState>(state: &S, writer: impl std::io::Write) -> Result<(), String> {
    let mut serializer = rmp_serde::Serializer::new(writer).with_struct_map();
    PluginState::serialize(state, &mut serializer).map_err(|error| error.to_string())
}

/// The state that [`save`] wrote.
///
/// # Errors
/// What doesn't fit, in words.
pub fn restore<S: PluginState>(bytes: &[u8]) -> Result<S, String> {
    let mut deserializer = rmp_serde::Deserializer::from_read_ref(bytes);
    PluginState::deserialize(&mut deserializer).map_err(|error| error.to_string())
}

/// MessagePack `bin`, which serde writes and reads only through its byte methods; borrowed, for a copy of some MiB is a good part of a swap.
struct Binary<'a>(&'a [u8]);

impl Serialize for Binary<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bytes(self.0)
    }
}

impl<'de> Deserialize<'de> for Binary<'de> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Visitor;
        impl<'de> serde::de::Visitor<'de> for Visitor {
            type Value = Binary<'de>;
            fn expecting(&self, out: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
                out.write_str("binary data")
            }
            fn visit_borrowed_bytes<E>(self, bytes: &'de [u8]) -> Result<Binary<'de>, E> {
                Ok(Binary(bytes))
            }
        }
        deserializer.deserialize_bytes(Visitor)
    }
}

/// Writes a field marked `#[state(opaque, version = "…")]`: its format, then its bytes in postcard's compact wire format.
///
/// # Errors
/// Those of the serializer.
pub fn serialize_opaque<T: Serialize, S: Serializer>(
    value: &T,
    version: &str,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    // The last length is a hint only: a vector that need not grow saves a quarter of the time for 2 MiB.
    static LENGTH: AtomicUsize = AtomicUsize::new(0);
    let room = Vec::with_capacity(LENGTH.load(Ordering::Relaxed) / 8 * 9 + 64);
    let bytes = postcard::to_extend(value, room).map_err(serde::ser::Error::custom)?;
    LENGTH.store(bytes.len(), Ordering::Relaxed);
    (version, Binary(&bytes)).serialize(serializer)
}

/// Reads what [`serialize_opaque`] wrote.
///
/// # Errors
/// When it was written in another format, naming both, or doesn't decode.
pub fn deserialize_opaque<'de, T: DeserializeOwned, D: Deserializer<'de>>(
    version: &str,
    deserializer: D,
) -> Result<T, D::Error> {
    let (saved, bytes) = <(String, Binary)>::deserialize(deserializer)?;
    if saved != version {
        return Err(D::Error::custom(format_args!(
            "the opaque state is in format \"{saved}\", this build reads \"{version}\"; build it with the version that saved it, or remove the plugin's file and add it again to start afresh"
        )));
    }
    postcard::from_bytes(bytes.0).map_err(D::Error::custom)
}

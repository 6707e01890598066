//! The part that all clients have in common: a transport and a connected plugin.

use serde::de::DeserializeOwned;

use super::arguments::Arguments;
use super::caller::{Caller, Misfit};
use super::spec::Interface;

/// MessagePack's nil: `()`, for which a reply has no bytes.
const NIL: &[u8] = &[0xc0];

/// A connected plugin. The client that `#[interface]` makes is a wrapper of it.
#[derive(Clone, Debug)]
pub struct Connection<C: Caller> {
    caller: C,
    plugin: C::Plugin,
}

impl<C: Caller> Connection<C> {
    /// Resolves the methods of `I` in `plugin`.
    ///
    /// # Errors
    /// As [`Caller::connect`].
    pub fn new<I: Interface + ?Sized>(caller: C, plugin: &str) -> Result<Self, C::Error> {
        let plugin = caller.connect(plugin, I::SPEC)?;
        Ok(Self { caller, plugin })
    }

    /// Calls method `number`.
    ///
    /// # Errors
    /// As [`Caller::call`]; or the arguments or the reply can't be converted.
    pub fn call<R: DeserializeOwned>(&self, number: usize, mut arguments: Arguments) -> Result<R, C::Error> {
        let arguments =
            arguments.encoded().map_err(|why| self.caller.misfit(&self.plugin, number, Misfit::Argument(why)))?;
        let mut reply = Vec::new();
        self.caller.call(&self.plugin, number, arguments, &mut reply)?;
        let reply = if reply.is_empty() { NIL } else { &*reply };
        let mut deserializer = rmp_serde::Deserializer::from_read_ref(reply).with_human_readable();
        R::deserialize(&mut deserializer)
            .map_err(|error| self.caller.misfit(&self.plugin, number, Misfit::Reply(error.to_string())))
    }
}

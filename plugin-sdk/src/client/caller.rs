//! What a client needs of a transport.

use core::fmt;

use super::spec::InterfaceSpec;

/// A transport of typed clients: a way to find a plugin and to call its exports.
pub trait Caller {
    /// A plugin whose methods are resolved. It stays usable while the plugin is replaced.
    type Plugin: Clone + fmt::Debug;
    /// Why there is no reply.
    type Error;

    /// Resolves all methods of `interface` in `plugin`.
    ///
    /// # Errors
    /// The plugin can't be reached, lacks a method, or has one with another signature: the error then tells both.
    fn connect(&self, plugin: &str, interface: &'static InterfaceSpec) -> Result<Self::Plugin, Self::Error>;

    /// Calls method `number` of the interface with a MessagePack array of arguments, or no bytes, and appends its reply, a MessagePack value
    /// or nothing, to `reply`. A method that has another signature by now is not called.
    ///
    /// # Errors
    /// Why there is no reply.
    fn call(
        &self,
        plugin: &Self::Plugin,
        number: usize,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Self::Error>;

    /// The error for arguments or a reply that can't be converted.
    fn misfit(&self, plugin: &Self::Plugin, number: usize, misfit: Misfit) -> Self::Error;
}

/// What can't be converted, and why.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Misfit {
    /// An argument; nothing was called.
    Argument(String),
    /// The reply; the method ran.
    Reply(String),
}

impl<C: Caller + ?Sized> Caller for &C {
    type Plugin = C::Plugin;
    type Error = C::Error;

    fn connect(&self, plugin: &str, interface: &'static InterfaceSpec) -> Result<Self::Plugin, Self::Error> {
        (**self).connect(plugin, interface)
    }

    fn call(
        &self,
        plugin: &Self::Plugin,
        number: usize,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), Self::Error> {
        (**self).call(plugin, number, arguments, reply)
    }

    fn misfit(&self, plugin: &Self::Plugin, number: usize, misfit: Misfit) -> Self::Error {
        (**self).misfit(plugin, number, misfit)
    }
}

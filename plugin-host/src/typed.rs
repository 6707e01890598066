//! The host as the transport of typed clients.

use std::sync::Arc;

use plugin_sdk::client::{Caller, InterfaceSpec, Misfit};

use crate::call_error::CallError;
use crate::method::Method;
use crate::plugins::Plugins;

/// Calls cost what [`Method::call_bytes`] costs: the signatures are compared when the client connects, and when a plugin is replaced.
impl Caller for Plugins {
    /// The methods of the interface, in its order.
    type Plugin = Arc<[Method]>;
    type Error = CallError;

    fn connect(&self, plugin: &str, interface: &'static InterfaceSpec) -> Result<Self::Plugin, CallError> {
        let methods = interface.methods.iter();
        methods.map(|method| self.method_with_signature(plugin, method.name, method.signature)).collect()
    }

    #[inline]
    fn call(
        &self,
        plugin: &Self::Plugin,
        number: usize,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), CallError> {
        plugin[number].call_bytes(arguments, reply)
    }

    fn misfit(&self, plugin: &Self::Plugin, number: usize, misfit: Misfit) -> CallError {
        match misfit {
            Misfit::Argument(why) => plugin[number].arguments(why),
            Misfit::Reply(why) => plugin[number].reply(why),
        }
    }
}

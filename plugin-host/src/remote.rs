//! A game in another process as the transport of typed clients: its plugins' services on the bus.
//!
//! A client requests a method by its signature, so a game whose plugin has another one doesn't find it, and runs nothing. Then the client asks
//! for the list of exports, and tells both signatures.
//!
//! # Failure
//! Each call ends at its deadline at the latest. After an error without an answer it is unknown whether the method ran; a plugin that is
//! swapped meanwhile causes none.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use plugin_sdk::client::{Caller, InterfaceSpec, MethodSpec, Misfit};
use plugin_sdk::wire::{Status, method_id};
use serde::Deserialize;
use shm_bus::{Bus, Client, ServiceError};

use crate::answers::LIST;
use crate::name::canonical;
use crate::services::service_of;

/// Plugins of a game in another process, which answers at its frame edges.
///
/// # Threads
/// It and its clients may be cloned, sent and used on any thread; one call of a connected plugin at a time is on its way.
#[derive(Clone, Debug)]
pub struct Remote {
    bus: Bus,
    timeout: Duration,
}

/// A plugin of a game in another process, with the methods of an interface.
#[derive(Clone)]
pub struct RemotePlugin(Arc<Line>);

struct Line {
    plugin: String,
    methods: &'static [MethodSpec],
    client: Mutex<Client>,
}

/// Why a call of a plugin in another process has no result.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteError {
    /// No process offers this plugin's exports on the bus.
    #[error("no plugin \"{plugin}\" offers exports on bus `{bus}`; `hotframe call` lists those that do")]
    NoPlugin {
        /// The plugin.
        plugin: String,
        /// The bus.
        bus: String,
    },
    /// This process has no place on the bus.
    #[error("{plugin} cannot be called")]
    Service {
        /// The plugin.
        plugin: String,
        /// The reason.
        source: ServiceError,
    },
    /// The plugin has no export of this name.
    #[error("{plugin} has no export \"{method}\"; its exports are {exports}")]
    UnknownMethod {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The plugin's exports.
        exports: String,
    },
    /// The plugin's export has another signature than the caller was built for. Nothing was called.
    #[error(
        "{plugin}/{method} is `{found}`, but this caller was built for `{wanted}`; build plugin and caller with the same interface"
    )]
    Signature {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The caller's signature.
        wanted: String,
        /// The export's signature.
        found: String,
    },
    /// The method returned an error.
    #[error("{plugin}/{method} failed{}: {message}", if *code == 0 { String::new() } else { format!(" with code {code}") })]
    Failed {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The error's code; 0 if it has none.
        code: u32,
        /// The error's text.
        message: String,
    },
    /// The game refused the call, or the method panicked.
    #[error("{message}")]
    Refused {
        /// What the game says.
        message: String,
    },
    /// An argument or the reply can't be converted.
    #[error("{plugin}/{method}: {why}")]
    Misfit {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The reason.
        why: String,
    },
    /// The request or its answer did not arrive.
    #[error("{plugin}/{method} has no answer")]
    Bus {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The reason.
        source: shm_bus::CallError,
    },
}

/// An export in the answer to [`LIST`].
#[derive(Deserialize)]
struct Listed {
    name: String,
    signature: String,
}

impl fmt::Debug for RemotePlugin {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(out, "RemotePlugin({})", self.0.plugin)
    }
}

impl Remote {
    /// The game on `bus`; each call waits at most `timeout`.
    #[must_use]
    pub fn new(bus: Bus, timeout: Duration) -> Self {
        Self { bus, timeout }
    }
}

impl Caller for Remote {
    type Plugin = RemotePlugin;
    type Error = RemoteError;

    fn connect(&self, plugin: &str, interface: &'static InterfaceSpec) -> Result<RemotePlugin, RemoteError> {
        let name = || plugin.to_owned();
        let client = self.bus.client(service_of(&canonical(plugin)).as_str());
        let mut client = client.map_err(|source| RemoteError::Service { plugin: name(), source })?;
        if !client.has_server() {
            return Err(RemoteError::NoPlugin { plugin: name(), bus: self.bus.name().to_owned() });
        }
        let line = Line { plugin: name(), methods: interface.methods, client: Mutex::new(client) };
        let exports = line.exports(self.timeout)?;
        line.methods.iter().try_for_each(|method| line.check(&exports, method))?;
        Ok(RemotePlugin(Arc::new(line)))
    }

    fn call(
        &self,
        plugin: &RemotePlugin,
        number: usize,
        arguments: &[u8],
        reply: &mut Vec<u8>,
    ) -> Result<(), RemoteError> {
        let line = &plugin.0;
        let method = &line.methods[number];
        let mut refused = false;
        loop {
            match line.ask(method.name, method_id(method.signature), arguments, self.timeout) {
                Ok(answer) => {
                    reply.extend_from_slice(&answer);
                    return Ok(());
                }
                // Not called. If the plugin was swapped back since, it is found at the second attempt.
                Err(RemoteError::Bus {
                    source: shm_bus::CallError::Refused { status: Status::NoSuchMethod, .. },
                    ..
                }) if !refused => {
                    line.check(&line.exports(self.timeout)?, method)?;
                    refused = true;
                }
                Err(error) => return Err(line.explain(method.name, error)),
            }
        }
    }

    fn misfit(&self, plugin: &RemotePlugin, number: usize, misfit: Misfit) -> RemoteError {
        let line = &plugin.0;
        let why = match misfit {
            Misfit::Argument(why) => why,
            Misfit::Reply(why) => format!("it replied with something else than the caller expects: {why}"),
        };
        RemoteError::Misfit { plugin: line.plugin.clone(), method: line.methods[number].name.to_owned(), why }
    }
}

impl Line {
    fn ask(&self, method: &str, id: u32, arguments: &[u8], timeout: Duration) -> Result<Vec<u8>, RemoteError> {
        let mut client = self.client.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = client.call(id, arguments, timeout).map(|answer| answer.payload.to_vec());
        answer.map_err(|source| RemoteError::Bus { plugin: self.plugin.clone(), method: method.to_owned(), source })
    }

    fn exports(&self, timeout: Duration) -> Result<Vec<Listed>, RemoteError> {
        let answer = self.ask(LIST, method_id(LIST), &[], timeout).map_err(|error| self.explain(LIST, error))?;
        rmp_serde::from_slice(&answer).map_err(|error| RemoteError::Misfit {
            plugin: self.plugin.clone(),
            method: LIST.to_owned(),
            why: error.to_string(),
        })
    }

    fn check(&self, exports: &[Listed], wanted: &MethodSpec) -> Result<(), RemoteError> {
        let (plugin, method) = (self.plugin.clone(), wanted.name.to_owned());
        match exports.iter().find(|export| export.name == wanted.name) {
            Some(found) if found.signature == wanted.signature => Ok(()),
            Some(found) => {
                let (wanted, found) = (wanted.signature.to_owned(), found.signature.clone());
                Err(RemoteError::Signature { plugin, method, wanted, found })
            }
            None => {
                let exports: Vec<_> = exports.iter().map(|export| &*export.signature).collect();
                Err(RemoteError::UnknownMethod { plugin, method, exports: exports.join(", ") })
            }
        }
    }

    /// What a refusal of the game means.
    fn explain(&self, method: &str, error: RemoteError) -> RemoteError {
        match error {
            RemoteError::Bus { source: shm_bus::CallError::Refused { status, reason, .. }, .. } => {
                let own = (status == Status::Application).then(|| rmp_serde::from_slice(&reason).ok()).flatten();
                let text = || String::from_utf8_lossy(&reason).into_owned();
                match own {
                    Some((code, message)) => {
                        let (plugin, method) = (self.plugin.clone(), method.to_owned());
                        RemoteError::Failed { plugin, method, code, message }
                    }
                    None => RemoteError::Refused { message: text() },
                }
            }
            other => other,
        }
    }
}

//! Why a call of an export has no result.

use crate::fault::Fault;

/// Why a call of an export has no result. After `Failed`, `Panicked` and `Reply` the method has run; after every other error it has not been
/// called.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum CallError {
    /// No plugin of this name runs.
    #[error("no plugin \"{plugin}\" runs; {running}")]
    UnknownPlugin {
        /// The name.
        plugin: String,
        /// The plugins that run, in a sentence.
        running: String,
    },
    /// The plugin has no export of this name.
    #[error("{plugin} has no export \"{method}\"; {exports}")]
    UnknownMethod {
        /// The plugin.
        plugin: String,
        /// The name.
        method: String,
        /// The plugin's exports, in a sentence.
        exports: String,
    },
    /// The plugin's export has another signature than the caller was built for.
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
    /// The plugins of this host have found too many exports of one another.
    #[error("{plugin}/{method} cannot be called: the plugins of this host call {max} different exports already")]
    TooManyExports {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The limit.
        max: usize,
    },
    /// A plugin calls an export by a number that it was not given.
    #[error("no export has number {number}; find it by its name first")]
    UnknownNumber {
        /// The number.
        number: u64,
    },
    /// The plugin was removed, and has not come back.
    #[error("{plugin} does not run: its library was removed")]
    Removed {
        /// The plugin.
        plugin: String,
    },
    /// The plugin is suspended after a fault.
    #[error("{plugin} is suspended after a fault until its file changes, is copied again or touched")]
    Suspended {
        /// The plugin.
        plugin: String,
    },
    /// This thread is already in a call of the plugin, so the new call would wait for itself.
    #[error("{plugin} is in a call on this thread already, and a call of {method} would wait for itself")]
    Reentrant {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
    },
    /// The thread is in too many calls.
    #[error(
        "the call of {plugin}/{method} is nested too deep: at most {} calls may be in one another",
        plugin_gate::DEPTH_MAX
    )]
    TooDeep {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
    },
    /// The call's deadline passed before it could begin.
    #[error("{plugin}/{method} was not called: its deadline passed first")]
    TimedOut {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
    },
    /// The arguments can't be written as MessagePack, or are not the method's.
    #[error("{plugin}/{method}: {why}")]
    Arguments {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The reason, which names the argument.
        why: String,
    },
    /// The reply is not of the type that the caller expects.
    #[error("{plugin}/{method} replied with something else than the caller expects: {why}")]
    Reply {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// The reason.
        why: String,
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
    /// The method panicked.
    #[error("{plugin}/{method} panicked: {fault}")]
    Panicked {
        /// The plugin.
        plugin: String,
        /// The export.
        method: String,
        /// Message and location.
        fault: Fault,
    },
}

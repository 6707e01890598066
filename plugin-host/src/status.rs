//! What a host says about its plugins: plain data, and the service on the bus that answers with it.
//!
//! The service [`SERVICE`] has the method [`METHOD`]. Its argument is nothing, or a MessagePack array with the name of the only plugin that
//! is asked for. Its answer is a [`HostStatus`] as a MessagePack map with field names.
//!
//! # Versions
//! Fields are only added. A reader skips fields that it doesn't know, and takes empty ones for fields that are missing. [`FORMAT`] changes
//! if a field changes its meaning.

use serde::{Deserialize, Serialize};

/// The service's name on the bus.
pub const SERVICE: &str = "host/status";

/// Its method.
pub const METHOD: &str = "status";

/// See the module.
pub const FORMAT: u32 = 1;

/// A plugin's [`PluginStatus::state`].
pub mod state {
    /// Its systems, subscriptions and exports are called.
    pub const RUNNING: &str = "running";
    /// It failed, and is not called until its file changes, is copied again or touched.
    pub const SUSPENDED: &str = "suspended";
    /// None of its builds was accepted so far.
    pub const NOT_LOADED: &str = "not loaded";
    /// Its file was removed.
    pub const REMOVED: &str = "removed";
}

/// A host and its plugins.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct HostStatus {
    /// [`FORMAT`] of the host.
    pub format: u32,
    /// Version of the host's crate.
    pub version: String,
    /// The process.
    pub pid: u32,
    /// The plugins folder.
    pub folder: String,
    /// By name: plugins that the host has seen since it started.
    pub plugins: Vec<PluginStatus>,
}

/// A plugin.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct PluginStatus {
    /// Its name.
    pub name: String,
    /// Version of the running build; empty if none runs.
    pub version: String,
    /// The last accepted generation; 0 if none was accepted.
    pub generation: u32,
    /// One of [`state`].
    pub state: String,
    /// In source order.
    pub systems: Vec<SystemStatus>,
    /// In source order.
    pub subscriptions: Vec<SubscriptionStatus>,
    /// In source order.
    pub exports: Vec<ExportStatus>,
    /// The last load or swap, if a build was accepted.
    pub swap: Option<SwapStatus>,
    /// Why the file that is there now, or was last, does not run.
    pub refusal: Option<RefusalStatus>,
    /// Calls that panicked.
    pub faults: u64,
    /// The last of them.
    pub fault: Option<FaultStatus>,
    /// What the host puts off, and until when.
    pub postponed: Option<String>,
}

/// A system.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SystemStatus {
    /// Its name and parameters.
    pub signature: String,
    /// The stage in which it runs.
    pub stage: String,
}

/// A subscription.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SubscriptionStatus {
    /// Its name, message and publishers.
    pub signature: String,
    /// The topic that it reads.
    pub topic: String,
}

/// An export.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct ExportStatus {
    /// Its name.
    pub name: String,
    /// Its canonical text.
    pub signature: String,
    /// First line of its doc comment.
    pub docs: String,
    /// Whether the host and plugins alone may call it.
    pub internal: bool,
    /// Whether other processes are answered while no frame runs.
    pub thread: bool,
}

/// A load or swap.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct SwapStatus {
    /// The generation before it; 0 for a load.
    pub from: u32,
    /// How long it held the frame edge, in nanoseconds.
    pub held_ns: u64,
    /// How long ago it was, in milliseconds.
    pub ago_ms: u64,
}

/// A refusal.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct RefusalStatus {
    /// The reason, with advice.
    pub reason: String,
    /// How long ago it was, in milliseconds.
    pub ago_ms: u64,
}

/// A failed call.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default)]
pub struct FaultStatus {
    /// The entry point, such as "in its system `steer`".
    pub during: String,
    /// The plugin's message.
    pub message: String,
    /// `file:line:column`, or empty.
    pub location: String,
    /// How long ago it was, in milliseconds.
    pub ago_ms: u64,
}

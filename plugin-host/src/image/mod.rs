//! Library files: copied, inspected before any of their code runs, loaded, described.

mod conflict;
pub mod copy;
mod descriptor;
pub mod inspect;
mod load;
mod manifest;
pub(crate) mod shortage;
pub(crate) mod stamp;

pub use conflict::{TermError, conflicts};
pub use descriptor::ManifestError;
pub use load::{Image, LoadError};
pub use manifest::{
    ComponentInfo, ExportInfo, InterfaceInfo, Manifest, ParamInfo, SubscriptionInfo, SystemInfo, Term, TopicInfo,
};

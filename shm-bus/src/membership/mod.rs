//! What the handles of one participant share, and how a participant sees and changes its bus.

mod change;
mod liveness;
mod removed;
mod shared;
mod sweep;
mod view;

pub use change::ChangeError;
pub(crate) use change::{Change, holder_text, text_fits};
pub(crate) use removed::Removal;
pub(crate) use shared::Shared;
pub(crate) use sweep::{clear, end_lane, remove_bus, sweep};
pub(crate) use view::View;
pub use view::{peek, peek_in};

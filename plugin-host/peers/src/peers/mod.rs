//! The peers, one file each. They are called only through their users' interfaces.

pub(crate) mod bare;
pub(crate) mod hotframe;
pub(crate) mod memlink;

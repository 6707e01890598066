//! The peers, one file each. They are called only through their users' interfaces.

mod bare_futex;
mod bare_line;
mod bare_ring;
mod crossbeam_channel;
mod hotframe;
mod iceoryx2;
mod ipc_channel;
pub(crate) mod memlink_protocol;
mod memlink_shm;
mod nexus_queue;
mod photon_ring;
mod rtrb;
mod stream;
#[cfg(feature = "tachyon")]
mod tachyon_ipc;

pub(crate) use self::bare_futex::BareFutex;
pub(crate) use self::bare_line::BareLine;
pub(crate) use self::bare_ring::BareRing;
pub(crate) use self::crossbeam_channel::CrossbeamChannel;
pub(crate) use self::hotframe::{
    Hotframe, HotframeFanOut, HotframeInPieces, HotframeLoans, HotframeOneLevel, HotframePublishers,
};
pub(crate) use self::iceoryx2::{Iceoryx2, Iceoryx2Events, Iceoryx2FanOut, Iceoryx2Loans, Iceoryx2Publishers};
pub(crate) use self::ipc_channel::IpcChannel;
pub(crate) use self::memlink_shm::{MemlinkLevels, MemlinkShm};
pub(crate) use self::nexus_queue::NexusQueue;
pub(crate) use self::photon_ring::PhotonRing;
pub(crate) use self::rtrb::Rtrb;
pub(crate) use self::stream::{Pipe, UnixSocket};
#[cfg(feature = "tachyon")]
pub(crate) use self::tachyon_ipc::TachyonIpc;

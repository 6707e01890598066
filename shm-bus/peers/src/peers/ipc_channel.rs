//! ipc-channel: its channel of plain bytes, the faster one of the two that it offers.

use std::path::{Path, PathBuf};

use anyhow::Result;
use ipc_channel::TryRecvError;
use ipc_channel::ipc::{
    IpcBytesReceiver, IpcBytesSender, IpcOneShotServer, IpcReceiver, IpcSender, bytes_channel, channel,
};

use crate::block::Block;
use crate::link::{Across, Link, Sleeping};

pub(crate) struct IpcChannel<const W: usize> {
    out: IpcBytesSender,
    into: IpcBytesReceiver,
}

impl<const W: usize> Link<W> for IpcChannel<W> {
    const NAME: &'static str = "ipc-channel";

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let ((to_far, at_far), (to_near, at_near)) = (bytes_channel()?, bytes_channel()?);
        Ok((Self { out: to_far, into: at_near }, Self { out: to_near, into: at_far }))
    }

    fn send(&mut self, number: u64) -> Result<bool> {
        self.out.send(Block::<W>::of(number).as_bytes())?;
        Ok(true)
    }

    fn receive(&mut self) -> Result<Option<u64>> {
        match self.into.try_recv() {
            Ok(bytes) => Block::<W>::sum_of(&bytes).map(Some),
            Err(TryRecvError::Empty) => Ok(None),
            Err(error) => Err(error.into()),
        }
    }
}

/// The far end's message to the near one: the sender to the far end, and the folder for the sender to the near end.
type Greeting = (IpcBytesSender, IpcSender<IpcBytesSender>);

impl<const W: usize> Across<W> for IpcChannel<W> {
    type Listening = IpcOneShotServer<Greeting>;

    fn listen(folder: &Path) -> Result<Self::Listening> {
        let (server, name) = IpcOneShotServer::new()?;
        std::fs::write(address(folder), name)?;
        Ok(server)
    }

    fn accept(listening: Self::Listening) -> Result<Self> {
        let (_, (out, answer)) = listening.accept()?;
        let (to_near, into) = bytes_channel()?;
        answer.send(to_near)?;
        Ok(Self { out, into })
    }

    fn connect(folder: &Path) -> Result<Self> {
        let server = IpcSender::<Greeting>::connect(std::fs::read_to_string(address(folder))?)?;
        let (to_far, into) = bytes_channel()?;
        let (answer, answered): (_, IpcReceiver<IpcBytesSender>) = channel()?;
        server.send((to_far, answer))?;
        Ok(Self { out: answered.recv()?, into })
    }
}

impl<const W: usize> Sleeping<W> for IpcChannel<W> {
    fn receive_asleep(&mut self) -> Result<u64> {
        Block::<W>::sum_of(&self.into.recv()?)
    }
}

fn address(folder: &Path) -> PathBuf {
    folder.join("server")
}

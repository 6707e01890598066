//! Transports of the kernel: unix stream sockets and pipes. Spinning ends poll without blocking.

use std::fs::{File, OpenOptions};
use std::io::{ErrorKind, Read, Write};
use std::marker::PhantomData;
use std::ops::Range;
use std::os::fd::OwnedFd;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};

use anyhow::{Result, bail, ensure};
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::io::ioctl_fionbio;

use crate::block::Block;
use crate::link::{Across, Batching, Link, Sleeping};

/// A unix stream socket.
pub(crate) type UnixSocket<const W: usize> = Stream<W, Sockets>;
/// Two pipes, one each way.
pub(crate) type Pipe<const W: usize> = Stream<W, Pipes>;

/// How the two directions of a stream are created.
pub(crate) trait Kind {
    const NAME: &'static str;
    type Listening;

    fn pair() -> Result<[Ways; 2]>;
    fn listen(folder: &Path) -> Result<Self::Listening>;
    fn accept(listening: Self::Listening) -> Result<Ways>;
    fn connect(folder: &Path) -> Result<Ways>;
}

/// The files that one end writes to and reads from.
pub(crate) struct Ways {
    out: OwnedFd,
    into: OwnedFd,
}

/// The kind of [`UnixSocket`].
pub(crate) struct Sockets;

impl Sockets {
    fn ways(socket: UnixStream) -> Result<Ways> {
        Ok(Ways { out: socket.try_clone()?.into(), into: socket.into() })
    }

    fn address(folder: &Path) -> PathBuf {
        folder.join("socket")
    }
}

impl Kind for Sockets {
    const NAME: &'static str = "unix_socket";
    type Listening = UnixListener;

    fn pair() -> Result<[Ways; 2]> {
        let (near, far) = UnixStream::pair()?;
        Ok([Self::ways(near)?, Self::ways(far)?])
    }

    fn listen(folder: &Path) -> Result<UnixListener> {
        Ok(UnixListener::bind(Self::address(folder))?)
    }

    fn accept(listening: UnixListener) -> Result<Ways> {
        Self::ways(listening.accept()?.0)
    }

    fn connect(folder: &Path) -> Result<Ways> {
        Self::ways(UnixStream::connect(Self::address(folder))?)
    }
}

/// The kind of [`Pipe`].
pub(crate) struct Pipes;

impl Kind for Pipes {
    const NAME: &'static str = "pipe";
    type Listening = [PathBuf; 2];

    fn pair() -> Result<[Ways; 2]> {
        let ((at_far, to_far), (at_near, to_near)) = (std::io::pipe()?, std::io::pipe()?);
        let near = Ways { out: to_far.into(), into: at_near.into() };
        Ok([near, Ways { out: to_near.into(), into: at_far.into() }])
    }

    fn listen(folder: &Path) -> Result<Self::Listening> {
        let [there, back] = ["there", "back"].map(|name| folder.join(name));
        for path in [&there, &back] {
            mknodat(CWD, path, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0)?;
        }
        Ok([there, back])
    }

    /// Opening waits for the other end; both ends open the way there first.
    fn accept([there, back]: Self::Listening) -> Result<Ways> {
        let out = OpenOptions::new().write(true).open(there)?;
        Ok(Ways { out: out.into(), into: File::open(back)?.into() })
    }

    fn connect(folder: &Path) -> Result<Ways> {
        let into = File::open(folder.join("there"))?;
        let out = OpenOptions::new().write(true).open(folder.join("back"))?;
        Ok(Ways { out: out.into(), into: into.into() })
    }
}

/// Two directions of a byte stream.
pub(crate) struct Stream<const W: usize, K> {
    out: File,
    into: File,
    /// Whether reading blocks.
    sleeps: bool,
    /// Blocks that are written together.
    outgoing: Vec<u8>,
    /// Room for blocks that are read together.
    incoming: Vec<u8>,
    kind: PhantomData<K>,
}

impl<const W: usize, K> Stream<W, K> {
    /// Blocks of one read; of 64 bytes, as long as the longest write that a pipe takes as a whole.
    const BATCH: usize = 64;

    fn new(ways: Ways) -> Result<Self> {
        let (out, into) = (File::from(ways.out), File::from(ways.into));
        ioctl_fionbio(&out, true)?;
        ioctl_fionbio(&into, true)?;
        let incoming = vec![0; Self::BATCH * Block::<W>::BYTES];
        Ok(Self { out, into, sleeps: false, outgoing: Vec::new(), incoming, kind: PhantomData })
    }

    /// Writes all or nothing.
    fn write(out: &mut File, bytes: &[u8]) -> Result<bool> {
        match out.write(bytes) {
            Ok(written) => {
                ensure!(written == bytes.len(), "{written} bytes were written of {}", bytes.len());
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::WouldBlock => Ok(false),
            Err(error) => Err(error.into()),
        }
    }

    /// Reads at most `blocks` blocks.
    fn read(&mut self, blocks: usize) -> Result<Option<&[u8]>> {
        let read = match self.into.read(&mut self.incoming[..blocks * Block::<W>::BYTES]) {
            Ok(0) => bail!("the other end has closed"),
            Ok(read) => read,
            Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(None),
            Err(error) => return Err(error.into()),
        };
        ensure!(read.is_multiple_of(Block::<W>::BYTES), "a block came in pieces");
        Ok(Some(&self.incoming[..read]))
    }
}

impl<const W: usize, K: Kind> Link<W> for Stream<W, K> {
    const NAME: &'static str = K::NAME;

    fn pair(_: &Path) -> Result<(Self, Self)> {
        let [near, far] = K::pair()?;
        Ok((Self::new(near)?, Self::new(far)?))
    }

    fn send(&mut self, number: u64) -> Result<bool> {
        Self::write(&mut self.out, Block::<W>::of(number).as_bytes())
    }

    fn receive(&mut self) -> Result<Option<u64>> {
        self.read(1)?.map(Block::<W>::sum_of).transpose()
    }
}

impl<const W: usize, K: Kind> Across<W> for Stream<W, K> {
    type Listening = K::Listening;

    fn listen(folder: &Path) -> Result<K::Listening> {
        K::listen(folder)
    }

    fn accept(listening: K::Listening) -> Result<Self> {
        Self::new(K::accept(listening)?)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Self::new(K::connect(folder)?)
    }
}

impl<const W: usize, K: Kind> Sleeping<W> for Stream<W, K> {
    fn receive_asleep(&mut self) -> Result<u64> {
        if !self.sleeps {
            ioctl_fionbio(&self.into, false)?;
            self.sleeps = true;
        }
        loop {
            if let Some(sum) = self.receive()? {
                return Ok(sum);
            }
        }
    }
}

impl<const W: usize, K: Kind> Batching<W> for Stream<W, K> {
    fn send_many(&mut self, numbers: Range<u64>) -> Result<u64> {
        let count = numbers.end - numbers.start;
        self.outgoing.clear();
        numbers.for_each(|number| self.outgoing.extend_from_slice(Block::<W>::of(number).as_bytes()));
        Ok(if Self::write(&mut self.out, &self.outgoing)? { count } else { 0 })
    }

    fn receive_many(&mut self, each: impl FnMut(u64) -> Result<()>) -> Result<()> {
        let Some(bytes) = self.read(Self::BATCH)? else { return Ok(()) };
        bytes.chunks_exact(Block::<W>::BYTES).map(Block::<W>::sum_of).try_for_each({
            let mut each = each;
            move |sum| each(sum?)
        })
    }
}

//! iceoryx2: publish-subscribe of a fixed type, through its ports for one thread.
//!
//! Without room it is told to discard, and the block is sent again: its other strategy sleeps up to 10 ms, which would be worse for it.

#![expect(unsafe_code, reason = "sends a loan of 4 MiB as it is; its types are promised to be plain")]

use std::fmt::Debug;
use std::path::Path;
use std::rc::Rc;

use anyhow::{Result, anyhow, ensure};
use iceoryx2::node::Node;
use iceoryx2::port::listener::Listener;
use iceoryx2::port::notifier::Notifier;
use iceoryx2::port::publisher::Publisher;
use iceoryx2::port::subscriber::Subscriber;
use iceoryx2::prelude::*;
use iceoryx2::service::port_factory::publish_subscribe::PortFactory;

use crate::abilities::{FanOut, Loans, Publishers, read_all};
use crate::block::{Block, SMALL};
use crate::link::{Across, Link, ROOM, Sleeping};
use crate::run_folder::prefix;

type Out<const W: usize> = Publisher<ipc::Service, Block<W>, ()>;
type Into<const W: usize> = Subscriber<ipc::Service, Block<W>, ()>;

// SAFETY: plain words without padding or pointers, which may lie at any address.
unsafe impl<const W: usize> ZeroCopySend for Block<W> {}

const THERE: &str = "there";
const BACK: &str = "back";

/// A node whose files lie in `folder` or have its name.
fn node(folder: &Path) -> Result<Node<ipc::Service>> {
    set_log_level(LogLevel::Error);
    let mut config = Config::default();
    config.global.prefix = FileName::new(prefix(folder).as_bytes()).map_err(wrong)?;
    let root = folder.join("iceoryx2");
    config.global.set_root_path(&iceoryx2::prelude::Path::new(root.as_os_str().as_encoded_bytes()).map_err(wrong)?);
    Ok(NodeBuilder::new().config(&config).signal_handling_mode(SignalHandlingMode::Disabled).create()?)
}

fn wrong(error: impl Debug) -> anyhow::Error {
    anyhow!("{error:?}")
}

fn service<const W: usize>(node: &Node<ipc::Service>, name: &str) -> Result<PortFactory<ipc::Service, Block<W>, ()>> {
    let builder = node.service_builder(&name.try_into()?).publish_subscribe::<Block<W>>();
    let builder = builder.enable_safe_overflow(false).history_size(0).subscriber_max_buffer_size(ROOM);
    Ok(builder.max_publishers(64).max_subscribers(8).open_or_create()?)
}

fn publisher<const W: usize>(service: &PortFactory<ipc::Service, Block<W>, ()>) -> Result<Out<W>> {
    Ok(service.publisher_builder().backpressure_strategy(BackpressureStrategy::DiscardData).create()?)
}

/// Sends to all subscribers; returns the number of those that had room.
#[inline]
fn send<const W: usize>(out: &Out<W>, number: u64) -> Result<usize> {
    Ok(out.loan_uninit()?.write_payload(Block::of(number)).send()?)
}

#[inline]
fn receive<const W: usize>(into: &Into<W>) -> Result<Option<u64>> {
    Ok(into.receive()?.map(|sample| sample.sum()))
}

pub(crate) struct Iceoryx2<const W: usize> {
    out: Out<W>,
    into: Into<W>,
    node: Rc<Node<ipc::Service>>,
}

impl<const W: usize> Iceoryx2<W> {
    fn open(node: Rc<Node<ipc::Service>>, out: &str, into: &str) -> Result<Self> {
        let out = publisher(&service(&node, out)?)?;
        let into = service(&node, into)?.subscriber_builder().create()?;
        Ok(Self { out, into, node })
    }
}

impl<const W: usize> Link<W> for Iceoryx2<W> {
    const NAME: &'static str = "iceoryx2";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        let node = Rc::new(node(folder)?);
        Ok((Self::open(Rc::clone(&node), THERE, BACK)?, Self::open(node, BACK, THERE)?))
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<bool> {
        Ok(send(&self.out, number)? == 1)
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        receive(&self.into)
    }
}

impl<const W: usize> Across<W> for Iceoryx2<W> {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Self::open(Rc::new(node(folder)?), THERE, BACK)
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Self::open(Rc::new(node(folder)?), BACK, THERE)
    }
}

/// With an event beside each direction, as its documentation recommends for sleeping ends.
pub(crate) struct Iceoryx2Events {
    link: Iceoryx2<SMALL>,
    notifier: Notifier<ipc::Service>,
    listener: Listener<ipc::Service>,
}

impl Iceoryx2Events {
    fn with_events(link: Iceoryx2<SMALL>, out: &str, into: &str) -> Result<Self> {
        let notifier = link.node.service_builder(&out.try_into()?).event().open_or_create()?;
        let notifier = notifier.notifier_builder().create()?;
        let listener = link.node.service_builder(&into.try_into()?).event().open_or_create()?;
        let listener = listener.listener_builder().create()?;
        Ok(Self { link, notifier, listener })
    }
}

impl Link<SMALL> for Iceoryx2Events {
    const NAME: &'static str = "iceoryx2";

    fn pair(folder: &Path) -> Result<(Self, Self)> {
        let (near, far) = Iceoryx2::pair(folder)?;
        Ok((Self::with_events(near, THERE, BACK)?, Self::with_events(far, BACK, THERE)?))
    }

    fn send(&mut self, number: u64) -> Result<bool> {
        self.link.send(number)
    }

    fn receive(&mut self) -> Result<Option<u64>> {
        self.link.receive()
    }
}

impl Across<SMALL> for Iceoryx2Events {
    type Listening = Self;

    fn listen(folder: &Path) -> Result<Self> {
        Self::with_events(Iceoryx2::listen(folder)?, THERE, BACK)
    }

    fn accept(listening: Self) -> Result<Self> {
        Ok(listening)
    }

    fn connect(folder: &Path) -> Result<Self> {
        Self::with_events(Iceoryx2::connect(folder)?, BACK, THERE)
    }
}

impl Sleeping<SMALL> for Iceoryx2Events {
    fn send_and_wake(&mut self, number: u64) -> Result<bool> {
        let sent = self.link.send(number)?;
        self.notifier.notify()?;
        Ok(sent)
    }

    fn receive_asleep(&mut self) -> Result<u64> {
        loop {
            if let Some(sum) = self.link.receive()? {
                return Ok(sum);
            }
            self.listener.blocking_wait(|_| {})?;
        }
    }
}

/// One sender and the number of its subscribers.
pub(crate) struct Iceoryx2FanOut;

impl FanOut for Iceoryx2FanOut {
    type Sender = (Out<SMALL>, PortFactory<ipc::Service, Block<SMALL>, ()>);
    type Reader = Into<SMALL>;

    fn sender(folder: &Path) -> Result<Self::Sender> {
        let service = service(&node(folder)?, THERE)?;
        Ok((publisher(&service)?, service))
    }

    fn readers(folder: &Path, count: usize) -> Result<Vec<Self::Reader>> {
        let service = service(&node(folder)?, THERE)?;
        (0..count).map(|_| Ok(service.subscriber_builder().create()?)).collect()
    }

    #[inline]
    fn send((out, _): &mut Self::Sender, number: u64) -> Result<()> {
        ensure!(send(out, number)? > 0, "no subscriber had room");
        Ok(())
    }

    #[inline]
    fn receive(reader: &mut Self::Reader) -> Result<Option<u64>> {
        receive(reader)
    }
}

pub(crate) struct Iceoryx2Publishers {
    publishers: Vec<Out<SMALL>>,
    into: Into<SMALL>,
}

impl Publishers for Iceoryx2Publishers {
    fn open(folder: &Path, count: usize) -> Result<Self> {
        let service = service(&node(folder)?, THERE)?;
        let into = service.subscriber_builder().create()?;
        let publishers: Result<_> = (0..count).map(|_| publisher(&service)).collect();
        Ok(Self { publishers: publishers?, into })
    }

    #[inline]
    fn send(&mut self, number: u64) -> Result<()> {
        ensure!(send(&self.publishers[self.publishers.len() / 2], number)? == 1, "no room");
        Ok(())
    }

    #[inline]
    fn receive(&mut self) -> Result<Option<u64>> {
        receive(&self.into)
    }
}

pub(crate) struct Iceoryx2Loans {
    out: Publisher<ipc::Service, [u8], ()>,
    into: Subscriber<ipc::Service, [u8], ()>,
    filling: Vec<u8>,
}

impl Loans for Iceoryx2Loans {
    fn open(folder: &Path, bytes: usize) -> Result<Self> {
        let node = node(folder)?;
        let builder = node.service_builder(&THERE.try_into()?).publish_subscribe::<[u8]>();
        let service = builder.enable_safe_overflow(false).subscriber_max_buffer_size(4).open_or_create()?;
        let out = service.publisher_builder().initial_max_slice_len(bytes).create()?;
        Ok(Self { out, into: service.subscriber_builder().create()?, filling: vec![1; bytes] })
    }

    fn fill_and_send(&mut self) -> Result<()> {
        ensure!(
            self.out.loan_slice_uninit(self.filling.len())?.write_from_slice(&self.filling).send()? == 1,
            "no room"
        );
        Ok(())
    }

    #[inline]
    fn send(&mut self) -> Result<()> {
        let loan = self.out.loan_slice_uninit(self.filling.len())?;
        // SAFETY: bytes of shared memory that earlier samples, or the system's zeros, have initialized.
        let sample = unsafe { loan.assume_init() };
        ensure!(sample.send()? == 1, "no room");
        Ok(())
    }

    fn receive(&mut self) -> Result<Option<usize>> {
        Ok(self.into.receive()?.map(|sample| read_all(&sample)))
    }
}

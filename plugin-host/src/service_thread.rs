//! The host's thread that answers other processes while no frame runs: it serves the plugins that have an export with `#[export(thread)]`.
//!
//! ```text
//! request ─► thread: export of the thread, list, unknown method ─► answered
//!              └──► any other export ─► frame edge: deadline passed? call ─► thread ─► answered
//! ```
//! It sleeps until a request, an order or an answer of the edge arrives.
//!
//! # Failure
//! A service that fails is dropped and logged. An export that does not return holds up the services of this thread, not the frame.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::task::{Wake, Waker};
use std::thread::{Builder, Thread};
use std::time::Duration;

use crossbeam_channel::{Receiver, Sender, TryRecvError, unbounded};
use plugin_sdk::wire::Status;
use shm_bus::{DeferredReply, ReceiveError, Server};
use tracing::dispatcher;

use crate::answers::{Answers, Asked};
use crate::calls::ends::spawn;
use crate::plugins::Plugins;

/// How long the end of the host waits for a call in flight on this thread.
const LAST_CALL_WAIT: Duration = Duration::from_millis(100);

/// See the module. Dropping it ends the thread.
#[derive(Debug)]
pub(crate) struct ServiceThread {
    /// `None` when it is to end.
    orders: Option<Sender<Order>>,
    thread: Thread,
    reports: Receiver<Report>,
    has_ended: Receiver<()>,
}

/// What the edge tells the thread.
#[derive(Debug)]
enum Order {
    Serve(String, Box<Server>),
    /// The plugin has another generation.
    Forget(String),
    Withdraw(String),
    Answer(String, DeferredReply, Status, Vec<u8>),
}

/// What the thread tells the edge.
#[derive(Debug)]
pub(crate) enum Report {
    /// A request for an export that runs at the edge: the plugin, and the argument.
    Request(String, DeferredReply, Vec<u8>),
    /// The plugin's service has ended.
    Gone(String),
}

/// Wakes the thread.
struct Unpark(Thread);

impl Wake for Unpark {
    fn wake(self: Arc<Self>) {
        self.0.unpark();
    }
}

impl ServiceThread {
    /// Starts the thread, without a service.
    pub(crate) fn start(plugins: Plugins) -> std::io::Result<Self> {
        let (orders, ordered) = unbounded();
        let (reporting, reports) = unbounded();
        let (identify, identified) = unbounded();
        let log = dispatcher::get_default(Clone::clone);
        let has_ended = spawn(Builder::new().name("hotframe-serving".to_owned()), move || {
            let _ = identify.send(std::thread::current());
            dispatcher::with_default(&log, || Serving { plugins, reporting, services: BTreeMap::new() }.run(&ordered));
        })?;
        let thread = identified.recv().map_err(std::io::Error::other)?;
        Ok(Self { orders: Some(orders), thread, reports, has_ended })
    }

    pub(crate) fn serve(&self, plugin: &str, server: Server) {
        self.order(Order::Serve(plugin.to_owned(), Box::new(server)));
    }

    pub(crate) fn forget(&self, plugin: &str) {
        self.order(Order::Forget(plugin.to_owned()));
    }

    pub(crate) fn withdraw(&self, plugin: &str) {
        self.order(Order::Withdraw(plugin.to_owned()));
    }

    /// Sends the edge's answer.
    pub(crate) fn answer(&self, plugin: String, reply: DeferredReply, status: Status, content: &[u8]) {
        self.order(Order::Answer(plugin, reply, status, content.to_vec()));
    }

    /// The next report, if there is one.
    pub(crate) fn report(&self) -> Option<Report> {
        self.reports.try_recv().ok()
    }

    fn order(&self, order: Order) {
        if let Some(orders) = &self.orders {
            // The thread ends only when this is dropped.
            let _ = orders.send(order);
            self.thread.unpark();
        }
    }
}

impl Drop for ServiceThread {
    fn drop(&mut self) {
        self.orders = None;
        self.thread.unpark();
        // An export that does not return is abandoned together with the thread.
        let _ = self.has_ended.recv_timeout(LAST_CALL_WAIT);
    }
}

/// The thread's side.
struct Serving {
    plugins: Plugins,
    reporting: Sender<Report>,
    services: BTreeMap<String, (Server, Answers)>,
}

impl Serving {
    fn run(mut self, ordered: &Receiver<Order>) {
        let waker = Waker::from(Arc::new(Unpark(std::thread::current())));
        loop {
            loop {
                match ordered.try_recv() {
                    Ok(order) => self.carry_out(order),
                    Err(TryRecvError::Empty) => break,
                    Err(TryRecvError::Disconnected) => return,
                }
            }
            if !self.serve_and_arm(&waker) {
                // An order or a ring that came meanwhile has unparked it already.
                std::thread::park();
            }
        }
    }

    fn carry_out(&mut self, order: Order) {
        match order {
            Order::Serve(plugin, server) => drop(self.services.insert(plugin, (*server, Answers::default()))),
            Order::Forget(plugin) => {
                if let Some((_, answers)) = self.services.get_mut(&plugin) {
                    answers.forget();
                }
            }
            Order::Withdraw(plugin) => {
                // A service that has failed was reported then.
                if self.services.remove(&plugin).is_some() {
                    self.report(Report::Gone(plugin));
                }
            }
            Order::Answer(plugin, reply, status, content) => {
                let Some((server, _)) = self.services.get_mut(&plugin) else { return };
                if let Err(error) = server.answer(reply, status, &content) {
                    tracing::debug!(plugin, %error, "a caller gets no answer");
                }
            }
        }
    }

    /// Serves one request of each plugin; returns whether something waits. If nothing does, the next request wakes the thread.
    fn serve_and_arm(&mut self, waker: &Waker) -> bool {
        let Self { plugins, reporting, services } = self;
        let mut waits = false;
        let mut failed = None;
        for (plugin, (server, answers)) in services.iter_mut() {
            match serve_one(plugin, server, answers, plugins, reporting)
                .and_then(|served| Ok(served || server.arm(waker)?))
            {
                Ok(more) => waits |= more,
                Err(error) => failed = Some((plugin.clone(), error)),
            }
        }
        if let Some((plugin, error)) = failed {
            tracing::warn!(plugin, %error, "other processes cannot call {plugin} any more: its service has failed");
            self.services.remove(&plugin);
            self.report(Report::Gone(plugin));
            return true;
        }
        waits
    }

    fn report(&self, report: Report) {
        // The host is about to end if nobody receives it.
        let _ = self.reporting.send(report);
    }
}

/// Returns whether there was a request.
fn serve_one(
    plugin: &str,
    server: &mut Server,
    answers: &mut Answers,
    plugins: &Plugins,
    reporting: &Sender<Report>,
) -> Result<bool, ReceiveError> {
    let Some(request) = server.next()? else { return Ok(false) };
    let (id, argument) = (request.method(), request.payload());
    if answers.belongs_to_edge(id, plugin, plugins) {
        let argument = argument.to_vec();
        let _ = reporting.send(Report::Request(plugin.to_owned(), request.defer(), argument));
        return Ok(true);
    }
    let asked = Asked { id, argument, left: request.time_left() };
    let (status, content) = answers.answer(asked, plugin, plugins);
    if let Err(error) = request.answer(status, content) {
        tracing::debug!(plugin, %error, "a caller gets no answer");
    }
    Ok(true)
}

//! Every call on every object of a bus in a forked child returns an error, or nothing, and never causes a signal.

use std::time::Duration;

use rustix::process::{Pid, WaitOptions, waitpid};
use shm_bus::wire::{Priority, Status};
use shm_bus::{
    Attachment, Bus, CallError, ChangeError, Client, Inbox, InboxError, JobError, OpenError, Publisher, PublisherError,
    QueueError, QueueLane, QueueSpec, ReceiveError, ReplyError, SendError, Server, ServiceError, ServiceSpec, Start,
    SubscribeError, TakeError, Ticket, TopicSpec, WorkProducer, Worker,
};

use super::orders::forked;
use super::support::{LANE, NUMBERS, Other, alive, folder, is_empty};

const SERVICE: ServiceSpec<'_> = ServiceSpec::untyped("service");
const LANES: &[QueueLane] = &[QueueLane::new(Priority::Normal, 4096)];
const SOON: Duration = Duration::from_millis(1);

/// One object of each kind.
struct Objects {
    bus: Bus,
    publisher: Publisher,
    inbox: Inbox,
    producer: WorkProducer,
    worker: Worker,
    client: Client,
    server: Server,
    ticket: Ticket,
}

fn queue() -> QueueSpec<'static> {
    QueueSpec::new(TopicSpec { name: "test/work", ..NUMBERS })
}

impl Objects {
    fn make(bus: Bus) -> Self {
        let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        publisher.send(Priority::Normal, &[1; 8]).expect("room");
        let mut producer = bus.work_producer(&queue(), "boss", LANES).expect("made");
        producer.send(Priority::Normal, &[2; 8]).expect("room");
        let worker = bus.worker(&queue(), "worker").expect("made");
        let server = bus.server(SERVICE).expect("made");
        let mut client = bus.client(SERVICE).expect("made");
        let ticket = client.send(1, b"ask", Duration::from_secs(60)).expect("sent");
        Self { bus, publisher, inbox, producer, worker, client, server, ticket }
    }

    /// Calls that did not return the expected error, in a forked child.
    fn offences(&mut self) -> Vec<&'static str> {
        let calls = [self.bus_calls(), self.message_calls(), self.work_calls(), self.request_calls()].concat();
        calls.into_iter().filter(|(_, refused)| !refused).map(|(what, _)| what).collect()
    }

    fn bus_calls(&self) -> Vec<(&'static str, bool)> {
        let bus = &self.bus;
        let forked = |error: &ChangeError| matches!(error, ChangeError::Forked { .. });
        bus.beat();
        let _ = (bus.name(), bus.path(), bus.id(), bus.clone());
        let publisher = bus.publisher(&NUMBERS, "p", LANE);
        let inbox = bus.inbox("i", Attachment::Observer);
        let producer = bus.work_producer(&queue(), "b", LANES);
        let worker = bus.worker(&queue(), "w");
        let snapshot = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| bus.snapshot()));
        vec![
            ("check", bus.check().is_err_and(|error| forked(&error))),
            ("try_snapshot", bus.try_snapshot().is_err_and(|error| forked(&error))),
            ("snapshot", snapshot.is_err()),
            ("attach_again", matches!(bus.attach_again(), Err(OpenError::Forked { .. }))),
            ("publisher", matches!(publisher, Err(PublisherError::Change(error)) if forked(&error))),
            ("inbox", matches!(inbox, Err(InboxError::Change(error)) if forked(&error))),
            ("work_producer", matches!(producer, Err(QueueError::Change(error)) if forked(&error))),
            ("worker", matches!(worker, Err(QueueError::Change(error)) if forked(&error))),
            (
                "server",
                matches!(bus.server(SERVICE), Err(ServiceError::Inbox(InboxError::Change(error))) if forked(&error)),
            ),
            ("client", bus.client(SERVICE).is_err()),
        ]
    }

    fn message_calls(&mut self) -> Vec<(&'static str, bool)> {
        let Self { publisher, inbox, .. } = self;
        let normal = Priority::Normal;
        publisher.cancel(normal);
        let _ = (publisher.payload_max(normal), publisher.policy());
        let forked = |error: ReceiveError| matches!(error, ReceiveError::Forked { .. });
        let subscribed = inbox.subscribe(&NUMBERS, Start::Now);
        let refused = |result: Result<(), SubscribeError>| {
            matches!(result, Err(SubscribeError::Change(ChangeError::Forked { .. })))
        };
        let mut context = std::task::Context::from_waker(std::task::Waker::noop());
        let polled = match std::pin::pin!(inbox.wait_async()).poll(&mut context) {
            std::task::Poll::Ready(result) => result,
            std::task::Poll::Pending => Ok(()),
        };
        vec![
            ("send", publisher.send(normal, &[3; 8]) == Err(SendError::Forked)),
            (
                "send_batch",
                publisher.send_batch(normal, [[3; 8]]).is_err_and(|error| error.source == SendError::Forked),
            ),
            ("loan", publisher.loan(normal, 8).map(|_| ()) == Err(SendError::Forked)),
            ("begin", publisher.begin(normal, 8).map(|_| ()) == Err(SendError::Forked)),
            ("commit", publisher.commit(normal, 8) == Err(SendError::Forked)),
            ("pressure", publisher.pressure(normal) == 1.0),
            ("wait_async", polled.is_err_and(forked)),
            ("receive", inbox.receive().map(|_| ()).is_err_and(forked)),
            ("drain", inbox.drain(|_| ()).is_err_and(forked)),
            ("wait", inbox.wait().is_err_and(forked)),
            ("wait_timeout", inbox.wait_timeout(SOON).is_err_and(forked)),
            ("arm", inbox.arm().is_err_and(forked)),
            ("descriptor", inbox.descriptor().map(|_| ()).is_err_and(forked)),
            ("subscribe", refused(subscribed)),
            ("subscribe_untyped", refused(inbox.subscribe_untyped(NUMBERS.name, Start::Now))),
            ("unsubscribe", refused(inbox.unsubscribe(NUMBERS.name))),
            ("unsubscribe from nothing", refused(inbox.unsubscribe("none"))),
        ]
    }

    fn work_calls(&mut self) -> Vec<(&'static str, bool)> {
        let Self { producer, worker, .. } = self;
        let forked = |error: TakeError| matches!(error, TakeError::Forked { .. });
        let _ = producer.payload_max(Priority::Normal);
        vec![
            ("producer send", producer.send(Priority::Normal, &[3; 8]) == Err(SendError::Forked)),
            ("producer pressure", producer.pressure(Priority::Normal) == 1.0),
            ("take", worker.take().map(|_| ()).is_err_and(forked)),
            ("worker wait", worker.wait().is_err_and(forked)),
            ("worker wait_timeout", worker.wait_timeout(SOON).is_err_and(forked)),
            ("dead_letters", worker.dead_letters().is_err_and(forked)),
            ("take_dead_letter", worker.take_dead_letter().map(|_| ()).is_err_and(forked)),
        ]
    }

    fn request_calls(&mut self) -> Vec<(&'static str, bool)> {
        let Self { client, server, ticket, .. } = self;
        let _ = (client.in_flight(), client.service(), client.payload_max(), client.counts());
        let _ = (server.clients(), server.counts());
        let not_sent = |error: CallError| matches!(error, CallError::Send { source: SendError::Forked, .. });
        let forked = |error: CallError| matches!(error, CallError::Receive(ReceiveError::Forked { .. }));
        let served = |error: ReceiveError| matches!(error, ReceiveError::Forked { .. });
        vec![
            ("has_server", !client.has_server()),
            ("client send", client.send(1, b"x", SOON).is_err_and(not_sent)),
            ("call", client.call(1, b"x", SOON).map(|_| ()).is_err_and(not_sent)),
            ("poll", client.poll(*ticket).map(|_| ()).is_err_and(forked)),
            ("cancel", !client.cancel(*ticket)),
            ("client wait", client.wait(SOON).is_err_and(served)),
            ("finish", client.finish(*ticket).map(|_| ()).is_err_and(forked)),
            ("next", server.next().map(|_| ()).is_err_and(served)),
            ("serve", server.serve(|_| ()).is_err_and(served)),
            ("serve_for", server.serve_for(SOON, |_| ()).is_err_and(served)),
            ("server wait", server.wait(SOON).is_err_and(served)),
        ]
    }
}

/// Has a child do `what`, which returns the failures; returns whether it ended well.
fn child(what: impl FnOnce() -> Vec<&'static str>) -> bool {
    let judge = || {
        let offences = what();
        if !offences.is_empty() {
            eprintln!("in a forked child: {offences:?}");
        }
        offences.is_empty()
    };
    let (_, status) = waitpid(Pid::from_raw(forked(judge, false)), WaitOptions::empty()).expect("waited").expect("one");
    status.exit_status() == Some(0)
}

/// The parent's part, in its own process.
pub(crate) fn every_call(folder: &std::path::Path) -> String {
    let mut objects = Objects::make(Bus::open_in(folder, "game").expect("opens"));
    let mut failed = Vec::new();
    let mut expect = |what: &'static str, well: bool| {
        if !well {
            failed.push(what);
        }
    };
    expect("every call", child(|| objects.offences()));
    expect(
        "a child that opens the bus by itself",
        child(|| {
            let bus = Bus::open_in(folder, "game").expect("opens");
            if bus.snapshot().participants.len() == 2 { Vec::new() } else { vec!["two participants"] }
        }),
    );
    expect("within a drain", within_a_drain(&mut objects));
    expect("within a batch", within_a_batch(&mut objects.publisher));
    expect("with a loan", with_a_loan(&mut objects.publisher));
    expect("with a job", with_a_job(&mut objects.worker));
    expect("with a request", with_a_request(&mut objects.server));
    // The parent can still use all of it.
    objects.publisher.send(Priority::Normal, &[9; 8]).expect("room");
    expect("the parent's messages", objects.inbox.drain(|_| ()).expect("mapped") > 0);
    expect("the parent's request", objects.client.poll(objects.ticket).is_err());
    let mut dropped = Some(objects);
    expect(
        "drop",
        child(|| {
            dropped = None;
            Vec::new()
        }),
    );
    expect("life", alive(&dropped.expect("the child's drop was its own").bus.snapshot()) == "0:true");
    failed.join(", ")
}

/// The callback of a drain forks; the child continues from there.
fn within_a_drain(objects: &mut Objects) -> bool {
    let Objects { inbox, publisher, .. } = objects;
    publisher.send(Priority::Normal, &[4; 8]).expect("room");
    let mut in_child = None;
    let mut well = true;
    let parent = std::process::id();
    let drained = inbox.drain(|_| {
        if in_child.is_none() && std::process::id() == parent {
            in_child = Some(fork_here());
        }
    });
    match in_child {
        Some(0) => end_child(matches!(drained, Err(ReceiveError::Forked { .. }))),
        Some(pid) => well &= drained.is_ok_and(|taken| taken > 0) && ended_well(pid),
        None => well = false,
    }
    well
}

/// The iterator of a batch's messages forks.
fn within_a_batch(publisher: &mut Publisher) -> bool {
    let mut child = None;
    let payloads = (0..3).map(|value: u8| {
        if value == 1 {
            child = Some(fork_here());
        }
        [value; 8]
    });
    let sent = publisher.send_batch(Priority::Normal, payloads);
    match child {
        Some(0) => end_child(sent.is_err_and(|error| error.source == SendError::Forked)),
        Some(pid) => sent == Ok(3) && ended_well(pid),
        None => false,
    }
}

fn with_a_loan(publisher: &mut Publisher) -> bool {
    let mut loan = publisher.loan(Priority::Normal, 8).expect("room");
    match fork_here() {
        0 => {
            loan.write(0, &[7; 8]);
            loan.commit();
            end_child(true)
        }
        pid => {
            loan.write(0, &[8; 8]);
            loan.commit();
            ended_well(pid)
        }
    }
}

fn with_a_job(worker: &mut Worker) -> bool {
    let job = worker.take().expect("mapped").expect("one waits");
    match fork_here() {
        0 => end_child(job.done() == Err(JobError::Forked)),
        pid => ended_well(pid) && job.done() == Ok(()),
    }
}

fn with_a_request(server: &mut Server) -> bool {
    let request = server.next().expect("mapped").expect("one waits");
    match fork_here() {
        0 => end_child(matches!(request.reply(b"no"), Err(ReplyError::Send(SendError::Forked)))),
        pid => ended_well(pid) && request.refuse(Status::Failed, "tried").is_ok(),
    }
}

/// 0 in the child, else its process id.
fn fork_here() -> i32 {
    super::orders::fork_here()
}

fn end_child(well: bool) -> ! {
    super::orders::end(well)
}

fn ended_well(child: i32) -> bool {
    let (_, status) = waitpid(Pid::from_raw(child), WaitOptions::empty()).expect("waited").expect("a child");
    status.exit_status() == Some(0)
}

#[test]
fn every_call_in_a_forked_child_is_refused_and_the_parent_goes_on() {
    let folder = folder();
    let mut other = Other::start(folder.path());
    assert_eq!(other.ask("fork everything"), "", "what failed");
    other.leave();
    assert!(is_empty(folder.path()));
}

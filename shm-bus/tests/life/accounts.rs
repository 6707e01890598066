//! Accounts of observers, with deaths: every sent message is received or counted once, whoever is killed and at whichever write.

use shm_bus::wire::{Policy, Priority};
use shm_bus::{Attachment, Bus, Inbox, ReceiveError, Start, TopicSpec};

use super::support::{LANE, NUMBERS, OVERWRITTEN, Other, folder};

/// Observers of one bus: one of a topic that others declare, one of everything.
pub(super) struct Observers {
    pub(super) bus: Bus,
    named: Inbox,
    all: Inbox,
    /// Messages that each has received, lost and missed.
    pub(super) counted: [u64; 2],
}

impl Observers {
    /// Both know `topic`, and nobody else uses it.
    pub(super) fn of(bus: Bus, topic: &TopicSpec<'_>) -> Self {
        let [mut named, mut all] = [(); 2].map(|()| bus.inbox("observer", Attachment::Observer).expect("made"));
        let publisher = bus.publisher(topic, "first", LANE).expect("made");
        named.subscribe_untyped(topic.name, Start::Now).expect("subscribed");
        all.subscribe_all(Start::Now).expect("subscribed");
        drop(publisher);
        Self { bus, named, all, counted: [0; 2] }
    }

    /// Sends messages in lanes that end at once.
    pub(super) fn come_and_go(&self, topic: &TopicSpec<'_>, count: u64) {
        let mut publisher = self.bus.publisher(topic, "survivor", LANE).expect("observers hold nothing");
        (0..count).for_each(|_| publisher.send(Priority::Normal, &[0; 8]).expect("nobody is waited for"));
    }

    /// Both receive until they find nothing more.
    pub(super) fn look(&mut self) {
        for (inbox, counted) in [&mut self.named, &mut self.all].into_iter().zip(&mut self.counted) {
            loop {
                match inbox.receive() {
                    Ok(Some(delivery)) => *counted += 1 + delivery.lost,
                    Ok(None) => break,
                    Err(ReceiveError::Redeclared { .. }) => {}
                    Err(error) => panic!("{error}"),
                }
            }
            *counted += inbox.take_missed().iter().map(|missed| missed.messages).sum::<u64>();
        }
    }
}

#[test]
fn what_a_killed_publisher_had_sent_is_counted_by_observers_that_never_saw_its_lane() {
    let folder = folder();
    let mut observers = Observers::of(Bus::open_in(folder.path(), "game").expect("opens"), &OVERWRITTEN);
    for round in 1..=3 {
        let mut child = Other::start(folder.path());
        child.ask("overwriting");
        (0..200).for_each(|_| _ = child.ask("send"));
        child.kill();
        drop(observers.bus.attach_again().expect("clears the dead away"));
        observers.come_and_go(&OVERWRITTEN, 10);
        observers.look();
        assert_eq!(observers.counted, [round * 210; 2]);
    }
}

#[test]
fn a_stopped_or_killed_observer_keeps_no_lane_and_no_file() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let (mut stopped, mut killed) = (Other::start(folder.path()), Other::start(folder.path()));
    stopped.ask("observer");
    killed.ask("observer");
    stopped.stop();
    killed.kill();
    for _ in 0..300 {
        let mut publisher = bus.publisher(&NUMBERS, "short-lived", LANE).expect("made");
        publisher.send(Priority::Normal, &[0; 8]).expect("nobody is waited for");
    }
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    let snapshot = bus.snapshot();
    assert_eq!((snapshot.topics[0].lanes.len(), snapshot.topics[0].ended, snapshot.inboxes.len()), (0, 300, 1));
    let lanes = std::fs::read_dir(folder.path().join("game")).expect("there");
    let lanes = lanes.filter(|entry| entry.as_ref().expect("read").file_name().to_string_lossy().starts_with("lane-"));
    assert_eq!(lanes.count(), 0);
    let other = TopicSpec { policy: Policy::Latest, ..NUMBERS };
    drop(bus.publisher(&other, "game", LANE).expect("a stopped observer holds nothing"));
    stopped.go_on();
    stopped.leave();
}

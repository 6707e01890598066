//! Log lines about participants that go.
//!
//! A separate process listens: if a thread without a subscriber reaches a call site first, `tracing` keeps it silent for the whole process,
//! so other tests of the same process could suppress the awaited lines.

use std::fmt::Debug;
use std::path::Path;
use std::sync::{Arc, Mutex};

use shm_bus::{Attachment, Bus, Start};
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use super::support::{LANE, NUMBERS, Other, folder};

/// Keeps the log of this thread.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<String>>>);

impl Log {
    fn take(&self) -> Vec<String> {
        std::mem::take(&mut self.0.lock().expect("nobody panicked"))
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, _: &Attributes<'_>) -> Id {
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, _: &Record<'_>) {}

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        struct Text(String);
        impl Visit for Text {
            fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
                self.0 += &format!("{field}={value:?} ");
            }
        }
        let mut text = Text(event.metadata().level().to_string() + " ");
        event.record(&mut text);
        self.0.lock().expect("nobody panicked").push(text.0);
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn only_who_died_is_told_of() {
    let folder = folder();
    let mut listener = Other::start(folder.path());
    assert_eq!(listener.ask("listen"), "heard of the dead alone");
    listener.leave();
}

/// The body of the listening process.
pub(crate) fn listen(folder: &Path) -> String {
    let log = Log::default();
    tracing::subscriber::with_default(log.clone(), || {
        let bus = Bus::open_in(folder, "game").expect("opens");
        let other = bus.attach_again().expect("attaches");
        let publisher = other.publisher(&NUMBERS, "writer", LANE).expect("made");
        let mut inbox = bus.inbox("reader", Attachment::Gating).expect("made");
        inbox.subscribe(&NUMBERS, Start::Now).expect("subscribed");
        drop((other, publisher));
        assert_eq!(bus.attach_again().expect("attaches").snapshot().participants.len(), 2);
        assert_eq!(log.take(), [""; 0]);

        let mut killed = Other::start(folder);
        killed.ask("open");
        let pid = killed.pid().as_raw_nonzero().to_string();
        killed.kill();
        drop(bus.attach_again().expect("attaches"));
        let told = log.take();
        assert!(told.len() == 1 && told[0].starts_with("INFO ") && told[0].contains("which died"), "{told:?}");
        assert!(told[0].contains(&format!("pid={pid} ")), "{told:?}");
        drop((inbox, bus));
        assert_eq!(log.take(), [""; 0], "the last one leaves as quietly");
    });
    "heard of the dead alone".to_owned()
}

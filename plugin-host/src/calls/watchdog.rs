//! Reports calls that don't return, from a thread that checks four times a second.
//!
//! A check is one load for each image; the call itself does nothing for it. The watchdog also reports threads of the host that don't end
//! because a plugin's thread-locals hang there. It counts checks and reads no clock: a process that was stopped meanwhile, by a debugger or
//! by Ctrl-Z, has not hung.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use crossbeam_channel::{RecvTimeoutError, Sender, bounded};
use tracing::dispatcher;

use super::callee::{Callee, of_host};
use super::home::Home;
use super::{ends, tell};

/// Time between two checks.
const INTERVAL: Duration = Duration::from_millis(250);

/// Checks of the same call after which it is reported: at one second, ten seconds, then every minute.
const TOLD_AT: [u32; 2] = [4, 40];
const TOLD_EVERY: u32 = 240;

/// The watchdog's observations of one image.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Seen {
    /// The call in progress.
    word: Option<u64>,
    /// Number of later checks that saw the same call.
    looks: u32,
}

/// A report.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum News {
    /// This call has lasted that many intervals.
    Lasts(u64, u32),
    /// This reported call has returned after about that many intervals.
    Returned(u64, u32),
}

impl Seen {
    fn look(&mut self, word: Option<u64>) -> Option<News> {
        let before = *self;
        if before.word == word {
            self.looks = before.looks.saturating_add(1);
            let is_due = TOLD_AT.contains(&self.looks) || self.looks.is_multiple_of(TOLD_EVERY);
            return word.filter(|_| is_due).map(|word| News::Lasts(word, self.looks));
        }
        *self = Self { word, looks: 0 };
        before.word.filter(|_| before.looks >= TOLD_AT[0]).map(|word| News::Returned(word, before.looks))
    }
}

/// The watchdog's thread; dropping this ends it.
#[derive(Debug)]
pub(crate) struct Watchdog {
    stop: Option<Sender<()>>,
    /// `None` if it could not be started.
    thread: Option<JoinHandle<()>>,
}

impl Watchdog {
    /// Starts watching the images of this host.
    ///
    /// Call it before any of them is loaded: while a library is loaded, no other thread can create thread-locals (glibc), which waiting
    /// needs.
    pub(crate) fn start(home: &Arc<Home>) -> Self {
        let (stop, stopped) = bounded::<()>(0);
        let (sender, has_waited) = bounded::<()>(1);
        let home = home.clone();
        let watch = move || {
            let _ = stopped.recv_timeout(Duration::from_millis(1));
            let _ = sender.send(());
            let (mut seen, mut ending) = (Vec::new(), BTreeMap::new());
            while stopped.recv_timeout(INTERVAL) == Err(RecvTimeoutError::Timeout) {
                look(&home, &mut seen);
                look_at_ends(&home, &mut ending);
            }
            // A reported call may have returned meanwhile.
            look(&home, &mut seen);
            look_at_ends(&home, &mut ending);
        };
        let thread = std::thread::Builder::new().name("hotframe-calls".to_owned()).spawn(watch);
        let thread = thread.inspect_err(|error| {
            tracing::warn!(%error, "cannot start the thread that watches calls: a plugin that hangs will not be reported");
        });
        // Returns an error if there is no thread.
        let _ = has_waited.recv();
        Self { stop: Some(stop), thread: thread.ok() }
    }
}

impl Drop for Watchdog {
    fn drop(&mut self) {
        drop(self.stop.take());
        if let Some(thread) = self.thread.take() {
            // Only a subscriber can have panicked in it.
            drop(thread.join());
        }
    }
}

/// Checks every image once; images that are no longer called are checked for the last time.
fn look(home: &Home, seen: &mut Vec<(&'static Callee, Seen)>) {
    for callee in of_host(home.host) {
        if !seen.iter().any(|(known, _)| std::ptr::eq(*known, callee)) {
            seen.push((callee, Seen::default()));
        }
    }
    for (callee, seen) in &mut *seen {
        if let Some(news) = seen.look(callee.word()) {
            tell_news(callee, news);
        }
    }
    seen.retain(|(callee, seen)| callee.is_called() || seen.word.is_some());
}

/// Checks each ending thread of the host.
fn look_at_ends(home: &Home, seen: &mut BTreeMap<u64, (Vec<&'static Callee>, Seen)>) {
    let ending = ends::of_host(home.host);
    for (number, images) in &ending {
        seen.entry(*number).or_insert_with(|| (images.clone(), Seen::default()));
    }
    seen.retain(|number, (images, seen)| {
        let lasts = ending.contains_key(number);
        if let Some(news) = seen.look(lasts.then_some(*number)) {
            tell_end(home, images, news);
        }
        lasts
    });
}

fn tell_end(home: &Home, images: &[&'static Callee], news: News) {
    let names: BTreeSet<&str> = images.iter().map(|image| image.plugin.as_str()).collect();
    let generations: BTreeSet<u32> = images.iter().map(|image| image.generation()).collect();
    let plugin = names.into_iter().collect::<Vec<_>>().join(" or ");
    let generation = generations.iter().map(u32::to_string).collect::<Vec<_>>().join(" or ");
    let place = format!("while a thread that had called its generation {generation} ends and drops its thread-locals");
    let text = match news {
        News::Lasts(_, looks) => {
            format!("{plugin} has not returned for {:?}, {place}; nothing waits for it", INTERVAL * looks)
        }
        News::Returned(_, looks) => format!("{plugin} has returned after about {:?}, {place}", INTERVAL * looks),
    };
    let (line, log) = (text.clone(), home.log.clone());
    tell::surely(&text, move || {
        dispatcher::with_default(&log, || tracing::warn!(plugin, generation, "{line}"));
    });
}

fn tell_news(callee: &'static Callee, news: News) {
    let (plugin, generation) = (&callee.plugin, callee.generation());
    let text = match news {
        News::Lasts(word, looks) => {
            let during = callee.display_call_at(word);
            format!("{plugin} has not returned for {:?}, {during}; its caller waits", INTERVAL * looks)
        }
        News::Returned(word, looks) => {
            format!("{plugin} has returned after about {:?}, {}", INTERVAL * looks, callee.display_call_at(word))
        }
    };
    let line = text.clone();
    tell::surely(&text, move || {
        dispatcher::with_default(&callee.home.log, || tracing::warn!(plugin, generation, "{line}"));
    });
}

#[cfg(test)]
mod tests {
    use super::{News, Seen};

    /// The reports for these words.
    fn told(words: impl IntoIterator<Item = Option<u64>>) -> Vec<News> {
        let mut seen = Seen::default();
        words.into_iter().filter_map(|word| seen.look(word)).collect()
    }

    #[test]
    fn a_call_is_told_after_a_second_then_rarely() {
        let looks = told(std::iter::repeat_n(Some(9), 1 + 480));
        assert_eq!(looks, [4, 40, 240, 480].map(|looks| News::Lasts(9, looks)));
    }

    #[test]
    fn idleness_and_calls_that_follow_each_other_are_not_told() {
        assert_eq!(told(std::iter::repeat_n(None, 1000)), []);
        assert_eq!(told((0..1000).map(|call| Some(call / 4))), []);
    }

    #[test]
    fn the_return_of_what_was_told_is_told() {
        let words = std::iter::repeat_n(Some(9), 6).chain([None, Some(10), Some(10), None]);
        assert_eq!(told(words), [News::Lasts(9, 4), News::Returned(9, 5)]);
    }
}

//! One try of one file by the host's function, and the record of its outcome.

use std::panic::{AssertUnwindSafe, catch_unwind};

use super::candidate::{Attempt, Candidate};
use super::event::FileEvent;
use super::folder::Folder;
use super::settle::{Input, Verdict};
use super::sight::{self, Sight};

impl Folder {
    /// Has the host try one file, and records the outcome.
    pub(super) fn attempt(&mut self, plugin: &str) {
        let path = self.file(plugin);
        let stamp = match sight::file(&path) {
            Sight::File(stamp) => stamp,
            elsewhere => {
                let is_missing = elsewhere == Sight::Missing;
                self.feed(plugin, if is_missing { Input::Removed } else { Input::OutOfReach });
                return;
            }
        };
        let Some(entry) = self.entries.get_mut(plugin) else { return };
        // Copying or touching a file that was tried is a request for another try.
        let is_request = entry.tried_at.is_some_and(|tried_at| tried_at != stamp);
        if is_request {
            entry.known = entry.known.ask_again();
        }
        (entry.tried, entry.seen, entry.out_of_reach) = (true, Some(stamp), 0);
        let candidate = Candidate { plugin, path: &path, known: entry.known };
        let attempt = catch_unwind(AssertUnwindSafe(|| (self.try_file)(&candidate))).unwrap_or_else(|_| {
            Attempt::Refused { content: None, reason: format!("{}: loading it panicked", path.display()) }
        });
        // A try without a verdict answers no request; the next one does.
        if !matches!(attempt, Attempt::Postponed { .. } | Attempt::Incomplete { .. }) {
            // A change that settled only now, such as permissions set after the file was closed, is not a request.
            entry.tried_at = match sight::file(&path) {
                Sight::File(after) => Some(after),
                _ => Some(stamp),
            };
        }
        let plugin_name = plugin.to_owned();
        let (was_postponed, mut postponed) = (entry.postponed.is_some(), None);
        let (input, told) = match attempt {
            Attempt::Done { content } => {
                entry.known = entry.known.accept(content);
                (Input::Settled, Some(FileEvent::Accepted { plugin: plugin_name, path, content }))
            }
            Attempt::Unchanged { content } => {
                entry.known = entry.known.unchanged(content);
                let is_awaited = is_request || was_postponed;
                (Input::Settled, is_awaited.then_some(FileEvent::Touched { plugin: plugin_name }))
            }
            Attempt::Refused { content, reason } => {
                entry.known = entry.known.refuse(content);
                (Input::Settled, Some(FileEvent::Refused { plugin: plugin_name, path, reason }))
            }
            Attempt::Incomplete { content, reason } => {
                entry.incomplete = Some((content, reason));
                (Input::Incomplete, None)
            }
            Attempt::Postponed { reason } => {
                let is_news = entry.postponed.as_ref() != Some(&reason);
                postponed = Some(reason.clone());
                (Input::Postponed, is_news.then_some(FileEvent::Postponed { plugin: plugin_name, path, reason }))
            }
        };
        entry.postponed = postponed;
        if let Some(told) = told {
            self.tell(told);
        }
        if self.feed(plugin, input) == Some(Verdict::GiveUp) {
            self.give_up(plugin);
        }
    }

    fn give_up(&mut self, plugin: &str) {
        let path = self.file(plugin);
        let Some(entry) = self.entries.get_mut(plugin) else { return };
        let Some((content, reason)) = entry.incomplete.take() else { return };
        entry.tried_at = entry.seen;
        entry.known = entry.known.refuse(content);
        self.tell(FileEvent::Refused { plugin: plugin.to_owned(), path, reason });
    }
}

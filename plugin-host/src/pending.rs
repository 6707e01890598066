//! Pending work for each plugin, and what is done about it when: a decision table without side effects.
//!
//! | handover | waits | plugin runs | engine hands over | when its systems are done | at the edge | then waits |
//! |---|---|---|---|---|---|---|
//! | – | build | no | – | – | load | – |
//! | – | build | yes | yes | begin a handover | – | build |
//! | – | build | yes | no | – | load | – |
//! | – | removal | – | – | – | remove | – |
//! | begun | – | yes | – | – | commit | – |
//! | begun | newer build | yes | yes | – | commit | build |
//! | begun | removal | yes | – | – | abandon, remove | – |
//! | – | refusal | – | – | – | – | – |
//! | begun | refusal | yes | – | – | abandon | – |
//!
//! A handover is committed even if a newer build has overtaken it: otherwise builds that arrive in every frame would keep each other from
//! ever running. This module knows nothing of images, threads or clocks.
//!
//! # Invariants
//! 1. Only a plugin's latest change counts among those that have arrived and not begun.
//! 2. A plugin has at most one handover, which ends at the next edge.

use std::collections::BTreeMap;

/// A pending change of a plugin.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Change<B> {
    /// Run this build.
    Build(B),
    /// The plugin's file was removed.
    Removal,
    /// The plugin's file was refused: it no longer contains the build that waited.
    Refusal,
}

/// An action at the edge.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum EdgeAction<B, H> {
    /// End the handover and switch to its result.
    Commit(H),
    /// End the handover and drop its result.
    Abandon(H),
    /// Do the whole swap, or a first load.
    Load(B),
    /// Remove the plugin.
    Remove,
}

/// Pending work for one plugin; at least one of the fields is `Some`.
#[derive(Debug)]
struct Work<B, H> {
    handover: Option<H>,
    change: Option<Change<B>>,
}

/// Pending work by plugin name, in the order of the names.
#[derive(Debug)]
pub(crate) struct PendingWork<B, H>(BTreeMap<String, Work<B, H>>);

impl<B, H> Default for PendingWork<B, H> {
    fn default() -> Self {
        Self(BTreeMap::new())
    }
}

impl<B, H> PendingWork<B, H> {
    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn contains(&self, plugin: &str) -> bool {
        self.0.contains_key(plugin)
    }

    /// Records a change for a plugin.
    pub(crate) fn note(&mut self, plugin: String, change: Change<B>) {
        self.0.entry(plugin).or_insert(Work { handover: None, change: None }).change = Some(change);
    }

    /// Begins the handover of each plugin that has a waiting build and is `done`: it runs and isn't called again in this frame.
    pub(crate) fn hand_over<P>(&mut self, done: impl Fn(&str) -> Option<P>, mut begin: impl FnMut(P, B) -> H) {
        for (plugin, work) in self.0.iter_mut().filter(|(_, work)| work.handover.is_none()) {
            let Some(running) = done(plugin) else { continue };
            match work.change.take() {
                Some(Change::Build(build)) => work.handover = Some(begin(running, build)),
                other => work.change = other,
            }
        }
    }

    /// The actions for this edge, in order; the rest keeps waiting. `hands_over` says whether the engine hands over.
    pub(crate) fn at_edge(&mut self, hands_over: bool, runs: impl Fn(&str) -> bool) -> Vec<(String, EdgeAction<B, H>)> {
        let mut actions = Vec::new();
        for (plugin, Work { handover, change }) in std::mem::take(&mut self.0) {
            if let Some(handover) = handover {
                let is_wanted = !matches!(change, Some(Change::Removal | Change::Refusal));
                let action = if is_wanted { EdgeAction::Commit(handover) } else { EdgeAction::Abandon(handover) };
                actions.push((plugin.clone(), action));
            }
            match change {
                Some(Change::Build(build)) if hands_over && runs(&plugin) => self.note(plugin, Change::Build(build)),
                Some(Change::Build(build)) => actions.push((plugin, EdgeAction::Load(build))),
                Some(Change::Removal) => actions.push((plugin, EdgeAction::Remove)),
                Some(Change::Refusal) | None => {}
            }
        }
        actions
    }
}

#[cfg(test)]
mod tests {
    use super::Change::{Build, Refusal, Removal};
    use super::EdgeAction::{Abandon, Commit, Load, Remove};
    use super::{Change, EdgeAction, PendingWork};

    const PLUGIN: &str = "plugin";

    /// Builds and handovers are numbers; a build's handover has the same number.
    type Table = PendingWork<u32, u32>;

    fn with(waiting: impl IntoIterator<Item = Change<u32>>) -> Table {
        let mut table = Table::default();
        waiting.into_iter().for_each(|change| table.note(PLUGIN.to_owned(), change));
        table
    }

    /// A table in which the handover of build 1 has begun and these changes arrived later.
    fn with_handover(waiting: impl IntoIterator<Item = Change<u32>>) -> Table {
        let mut table = with([Build(1)]);
        assert_eq!(begun(&mut table, true), [1]);
        waiting.into_iter().for_each(|change| table.note(PLUGIN.to_owned(), change));
        table
    }

    fn begun(table: &mut Table, is_done: bool) -> Vec<u32> {
        let mut begun = Vec::new();
        table.hand_over(
            |_| is_done.then_some(()),
            |(), build| {
                begun.push(build);
                build
            },
        );
        begun
    }

    fn edge(table: &mut Table, hands_over: bool, runs: bool) -> Vec<EdgeAction<u32, u32>> {
        table.at_edge(hands_over, |_| runs).into_iter().map(|(_, action)| action).collect()
    }

    #[test]
    fn a_build_of_a_plugin_that_does_not_run_is_loaded_at_the_edge() {
        for hands_over in [false, true] {
            let mut table = with([Build(1)]);
            assert!(begun(&mut table, false).is_empty());
            assert_eq!(edge(&mut table, hands_over, false), [Load(1)]);
            assert!(table.is_empty());
        }
    }

    #[test]
    fn a_build_of_a_running_plugin_is_loaded_at_the_edge_of_an_engine_that_hands_nothing_over() {
        let mut table = with([Build(1)]);
        assert_eq!(edge(&mut table, false, true), [Load(1)]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_build_of_a_running_plugin_waits_until_its_systems_are_done() {
        let mut table = with([Build(1)]);
        assert_eq!(edge(&mut table, true, true), []);
        assert_eq!(begun(&mut table, true), [1]);
        assert_eq!(edge(&mut table, true, true), [Commit(1)]);
        assert!(table.is_empty());
    }

    #[test]
    fn of_two_builds_that_have_not_begun_the_later_one_counts() {
        let mut table = with([Build(1), Build(2)]);
        assert_eq!(begun(&mut table, true), [2]);
    }

    #[test]
    fn a_removal_is_made_at_the_edge() {
        let mut table = with([Build(1), Removal]);
        assert!(begun(&mut table, true).is_empty());
        assert_eq!(edge(&mut table, true, true), [Remove]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_build_after_a_removal_counts() {
        let mut table = with([Removal, Build(1)]);
        assert_eq!(begun(&mut table, true), [1]);
    }

    #[test]
    fn a_newer_build_during_a_handover_waits_for_the_next() {
        let mut table = with_handover([Build(2)]);
        assert!(begun(&mut table, true).is_empty(), "one at a time");
        assert_eq!(edge(&mut table, true, true), [Commit(1)]);
        assert_eq!(begun(&mut table, true), [2]);
        assert_eq!(edge(&mut table, true, true), [Commit(2)]);
    }

    #[test]
    fn a_newer_build_during_the_last_handover_of_an_engine_is_loaded_at_the_edge() {
        let mut table = with_handover([Build(2)]);
        assert_eq!(edge(&mut table, false, true), [Commit(1), Load(2)]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_removal_during_a_handover_wins() {
        let mut table = with_handover([Removal]);
        assert!(begun(&mut table, true).is_empty());
        assert_eq!(edge(&mut table, true, true), [Abandon(1), Remove]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_refusal_cancels_the_build_that_waits() {
        let mut table = with([Build(1), Refusal]);
        assert!(begun(&mut table, true).is_empty());
        assert_eq!(edge(&mut table, true, true), []);
        assert!(table.is_empty());
    }

    #[test]
    fn a_refusal_during_a_handover_wins() {
        let mut table = with_handover([Refusal]);
        assert!(begun(&mut table, true).is_empty());
        assert_eq!(edge(&mut table, true, true), [Abandon(1)]);
        assert!(table.is_empty());
    }

    #[test]
    fn a_plugin_that_goes_and_returns_during_its_handover_goes_on_with_the_new_build() {
        let mut table = with_handover([Removal, Build(2)]);
        assert_eq!(edge(&mut table, true, true), [Commit(1)]);
        assert_eq!(begun(&mut table, true), [2]);
    }
}

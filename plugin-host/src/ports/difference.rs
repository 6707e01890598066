//! Which ports of a plugin change with its declarations: a decision table without side effects.
//!
//! | present | next | publisher | subscription |
//! |---|---|---|---|
//! | – | declared | add | add |
//! | declared | – | remove | remove |
//! | declared | the same | keep | keep |
//! | declared, but its lane is broken | the same | replace | – |
//! | declared | another capacity or priority | replace | keep |
//! | declared | another message or policy | replace | replace |
//!
//! Capacity and priority belong to a lane, hence to the publisher alone. All users of a topic must agree on its message and policy: the bus
//! refuses another one while anybody else uses the topic.
//!
//! # Invariants
//! 1. A topic occurs at most once in each list; the actions are in the order of `next`.

use crate::image::TopicInfo;

/// How the next generation gets its port of one topic.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum PortAction {
    /// It takes over the present port at this index.
    Keep(usize),
    /// It gets a new port; the present one with that name goes.
    Replace,
    /// It gets a new port.
    Add,
}

/// Actions that lead from the present ports to the next ones.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Difference {
    /// One for each next port.
    pub(super) actions: Vec<PortAction>,
    /// Indices of present ports that are not taken over.
    pub(super) gone: Vec<usize>,
}

/// The present state of a publisher.
#[derive(Clone, Copy, Debug)]
pub(super) struct Published<'a> {
    pub(super) topic: &'a TopicInfo,
    /// Its lane can no longer be used.
    pub(super) is_broken: bool,
}

pub(super) fn of_publishers(present: &[Published<'_>], next: &[TopicInfo]) -> Difference {
    let keeps = |index: usize, next: &TopicInfo| present[index].topic == next && !present[index].is_broken;
    difference(present.iter().map(|published| published.topic), next.iter(), keeps)
}

pub(super) fn of_subscriptions(present: &[TopicInfo], next: &[TopicInfo]) -> Difference {
    difference(present.iter(), next.iter(), |index, next| present[index].agrees_with(next))
}

fn difference<'a>(
    present: impl Iterator<Item = &'a TopicInfo>,
    next: impl Iterator<Item = &'a TopicInfo>,
    keeps: impl Fn(usize, &TopicInfo) -> bool,
) -> Difference {
    let present: Vec<&TopicInfo> = present.collect();
    let action = |next: &TopicInfo| match present.iter().position(|topic| topic.name == next.name) {
        None => PortAction::Add,
        Some(index) if keeps(index, next) => PortAction::Keep(index),
        Some(_) => PortAction::Replace,
    };
    let actions: Vec<PortAction> = next.map(action).collect();
    let gone = (0..present.len()).filter(|index| !actions.contains(&PortAction::Keep(*index))).collect();
    Difference { actions, gone }
}

#[cfg(test)]
mod tests {
    use plugin_sdk::wire::{Policy, Priority};

    use super::PortAction::{Add, Keep, Replace};
    use super::{Difference, PortAction, Published, of_publishers, of_subscriptions};
    use crate::image::TopicInfo;

    fn topic(name: &str) -> TopicInfo {
        TopicInfo::of_numbers(name)
    }

    fn other_capacity() -> TopicInfo {
        TopicInfo { capacity: 8192, ..topic("a") }
    }

    fn other_priority() -> TopicInfo {
        TopicInfo { priority: Priority::High, ..topic("a") }
    }

    fn other_policies() -> [TopicInfo; 3] {
        [Policy::DropOldest, Policy::Block { timeout_ms: 1 }, Policy::Block { timeout_ms: 2 }]
            .map(|policy| TopicInfo { policy, ..topic("a") })
    }

    fn other_message() -> TopicInfo {
        let schema = "Number@1 8/8 {value:f64@0}".to_owned();
        TopicInfo { schema, hash: 2, ..topic("a") }
    }

    fn published(topic: &TopicInfo, is_broken: bool, next: &TopicInfo) -> Difference {
        of_publishers(&[Published { topic, is_broken }], std::slice::from_ref(next))
    }

    fn subscribed(topic: &TopicInfo, next: &TopicInfo) -> Difference {
        of_subscriptions(std::slice::from_ref(topic), std::slice::from_ref(next))
    }

    fn one(action: PortAction) -> Difference {
        let gone = if action == Replace { vec![0] } else { vec![] };
        Difference { actions: vec![action], gone }
    }

    #[test]
    fn what_is_declared_first_is_added() {
        assert_eq!(of_publishers(&[], &[topic("a")]), one(Add));
        assert_eq!(of_subscriptions(&[], &[topic("a")]), one(Add));
    }

    #[test]
    fn what_is_declared_no_longer_goes() {
        let gone = || Difference { actions: vec![], gone: vec![0] };
        assert_eq!(of_publishers(&[Published { topic: &topic("a"), is_broken: false }], &[]), gone());
        assert_eq!(of_subscriptions(&[topic("a")], &[]), gone());
    }

    #[test]
    fn the_same_declaration_keeps_both() {
        assert_eq!(published(&topic("a"), false, &topic("a")), one(Keep(0)));
        assert_eq!(subscribed(&topic("a"), &topic("a")), one(Keep(0)));
    }

    #[test]
    fn a_broken_lane_is_replaced_by_the_same_declaration() {
        assert_eq!(published(&topic("a"), true, &topic("a")), one(Replace));
    }

    #[test]
    fn another_capacity_or_priority_replaces_the_lane_and_keeps_the_subscription() {
        for next in [other_capacity(), other_priority()] {
            assert_eq!(published(&topic("a"), false, &next), one(Replace));
            assert_eq!(subscribed(&topic("a"), &next), one(Keep(0)));
            assert_eq!(subscribed(&next, &topic("a")), one(Keep(0)));
        }
    }

    #[test]
    fn another_message_or_policy_replaces_both() {
        for next in other_policies().into_iter().chain([other_message()]) {
            assert_eq!(published(&topic("a"), false, &next), one(Replace));
            assert_eq!(subscribed(&topic("a"), &next), one(Replace));
        }
        let [_, one_deadline, another] = other_policies();
        assert_eq!(subscribed(&one_deadline, &another), one(Replace));
    }

    #[test]
    fn ends_are_told_apart_by_name_in_whatever_order_they_are_declared() {
        let (present, next) = ([topic("a"), topic("b"), topic("c")], [topic("c"), topic("d"), other_capacity()]);
        let kept = Difference { actions: vec![Keep(2), Add, Keep(0)], gone: vec![1] };
        assert_eq!(of_subscriptions(&present, &next), kept);
        let published = present.each_ref().map(|topic| Published { topic, is_broken: false });
        let replaced = Difference { actions: vec![Keep(2), Add, Replace], gone: vec![0, 1] };
        assert_eq!(of_publishers(&published, &next), replaced);
    }
}

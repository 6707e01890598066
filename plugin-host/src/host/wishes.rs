//! Requests of running plugins that have no effect: an order relative to systems that don't run, and subscriptions to topics that no plugin
//! publishes.
//!
//! Pure except for the log. None of these is an error: the missing plugin may be dropped in later, and the request then takes effect. But a
//! typing error looks the same, so each is reported once, and again if it took effect in between.

use std::collections::BTreeSet;

use crate::image::{Manifest, SystemInfo};
use crate::name::near;

/// One request without effect.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Unmet {
    /// `after` or `before` has no effect.
    Order {
        /// `plugin/system`.
        system: String,
        /// `after` or `before`.
        word: &'static str,
        /// The name as requested.
        name: String,
        /// Why it has no effect.
        why: String,
    },
    /// No running plugin publishes a subscribed topic.
    Silent {
        /// `plugin/method`.
        subscription: String,
        /// The topic's name on the bus.
        topic: String,
        /// Another topic that may be meant.
        near: Option<String>,
    },
}

/// Logs the request.
pub(super) fn tell(unmet: &Unmet) {
    match unmet {
        Unmet::Order { system, word, name, why } => {
            tracing::warn!("{system}: {word} = \"{name}\" has no effect: {why}")
        }
        Unmet::Silent { subscription, topic, near } => {
            let meant = near.as_ref().map(|near| format!("; \"{near}\" is published")).unwrap_or_default();
            tracing::info!("{subscription}: no running plugin publishes \"{topic}\"{meant}");
        }
    }
}

/// All requests of these plugins that have no effect.
pub(super) fn unmet(manifests: &[&Manifest]) -> BTreeSet<Unmet> {
    let mut unmet = BTreeSet::new();
    for manifest in manifests {
        for system in &manifest.systems {
            let orders = [("after", &system.after), ("before", &system.before)];
            for (word, name) in orders.into_iter().flat_map(|(word, names)| names.iter().map(move |name| (word, name)))
            {
                if let Some(why) = why_in_vain(manifests, &manifest.name, system, word, name) {
                    let system = format!("{}/{}", manifest.name, system.name);
                    unmet.insert(Unmet::Order { system, word, name: name.clone(), why });
                }
            }
        }
        unmet.extend(silent(manifests, manifest));
    }
    unmet
}

/// Why `word = "name"` of a plugin's system has no effect; `None` if it has one.
fn why_in_vain(manifests: &[&Manifest], plugin: &str, system: &SystemInfo, word: &str, name: &str) -> Option<String> {
    const LATER: &str = "it takes effect when there is one";
    let (wanted, method) = name.split_once('/').map_or((name, None), |(plugin, method)| (plugin, Some(method)));
    let Some(target) = manifests.iter().find(|manifest| manifest.name == wanted) else {
        let meant = meant(wanted, manifests.iter().map(|manifest| &*manifest.name));
        return Some(format!("no running plugin has that name{meant}; {LATER}"));
    };
    let is_meant = |other: &&SystemInfo| method.is_none_or(|method| other.name == method);
    let is_itself = |other: &SystemInfo| wanted == plugin && other.name == system.name;
    let all: Vec<&SystemInfo> = target.systems.iter().filter(is_meant).collect();
    let others: Vec<&SystemInfo> = all.iter().copied().filter(|other| !is_itself(other)).collect();
    let Some(first) = others.first() else {
        return Some(match method {
            _ if !all.is_empty() => "that is the system itself".to_owned(),
            Some(method) => {
                let meant = meant(method, target.systems.iter().map(|system| &*system.name));
                format!("{wanted} has no system of that name{meant}; {LATER}")
            }
            None => format!("{wanted} has no system; {LATER}"),
        });
    };
    // Stages run one after the other: an order between them is satisfied already, or can't be satisfied.
    let is_against =
        |other: &&SystemInfo| if word == "after" { other.stage > system.stage } else { other.stage < system.stage };
    let stages = || format!("this system runs in stage {:?}, that one in {:?}", system.stage, first.stage);
    others.iter().all(is_against).then(stages)
}

fn meant<'a>(wrong: &str, names: impl Iterator<Item = &'a str>) -> String {
    near(wrong, names).map(|name| format!(" (is \"{name}\" meant?)")).unwrap_or_default()
}

fn silent<'a>(manifests: &'a [&Manifest], manifest: &'a Manifest) -> impl Iterator<Item = Unmet> + use<'a> {
    let published = || manifests.iter().flat_map(|manifest| &manifest.topics).map(|topic| &*topic.name);
    let subscriptions = manifest.subscriptions.iter();
    subscriptions.filter(move |item| !published().any(|topic| topic == item.topic.name)).map(move |item| {
        Unmet::Silent {
            subscription: format!("{}/{}", manifest.name, item.name),
            topic: item.topic.name.clone(),
            near: near(&item.topic.name, published()).map(str::to_owned),
        }
    })
}

#[cfg(test)]
mod tests {
    use plugin_sdk::abi::Stage;

    use super::*;

    fn system(name: &str, stage: Stage, after: &[&str], before: &[&str]) -> SystemInfo {
        let names = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect();
        SystemInfo { name: name.to_owned(), stage, after: names(after), before: names(before), params: Vec::new() }
    }

    fn plugin(name: &str, systems: Vec<SystemInfo>) -> Manifest {
        Manifest {
            name: name.to_owned(),
            version: "1".to_owned(),
            state_schema: String::new(),
            state_hash: 0,
            components: Vec::new(),
            systems,
            subscriptions: Vec::new(),
            topics: Vec::new(),
            exports: Vec::new(),
            interfaces: Vec::new(),
        }
    }

    #[test]
    fn an_order_that_has_no_effect_is_told_with_the_reason() {
        let rows: &[(&[&str], &[&str], Option<&str>)] = &[
            (&["physics"], &[], None),
            (&["physics/step"], &[], None),
            (&[], &["physics/step"], None),
            (&["early"], &[], None),
            (&[], &["late"], None),
            (&["nonesuch"], &[], Some("no running plugin has that name; it takes effect")),
            (&["phyiscs"], &[], Some("that name (is \"physics\" meant?)")),
            (&["phyiscs/step"], &[], Some("that name (is \"physics\" meant?)")),
            (&["physics/stop"], &[], Some("physics has no system of that name (is \"step\" meant?)")),
            (&[], &["mute"], Some("mute has no system;")),
            (&["ai/think"], &[], Some("that is the system itself")),
            (&["ai"], &[], Some("that is the system itself")),
            (&["late"], &[], Some("this system runs in stage Update, that one in Render")),
            (&[], &["early/start"], Some("this system runs in stage Update, that one in First")),
        ];
        for (after, before, why) in rows {
            let ai = plugin("ai", vec![system("think", Stage::Update, after, before)]);
            let physics = plugin("physics", vec![system("step", Stage::Update, &[], &[])]);
            let early = plugin("early", vec![system("start", Stage::First, &[], &[])]);
            let late = plugin("late", vec![system("draw", Stage::Render, &[], &[])]);
            let found = unmet(&[&ai, &early, &late, &plugin("mute", Vec::new()), &physics]);
            let reasons: Vec<&str> = found.iter().filter_map(reason).collect();
            match why {
                None => assert_eq!(reasons, [""; 0], "{after:?} {before:?}"),
                Some(why) => {
                    assert!(reasons.len() == 1 && reasons[0].contains(why), "{after:?} {before:?}: {reasons:?}")
                }
            }
        }
    }

    fn reason(unmet: &Unmet) -> Option<&str> {
        match unmet {
            Unmet::Order { system, why, .. } if system == "ai/think" => Some(why),
            _ => None,
        }
    }
}

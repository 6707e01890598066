//! Collects [`HostStatus`]. Takes no gate: calls in flight delay nothing here.

use std::fmt::Write as _;
use std::time::Instant;

use plugin_sdk::abi::Access;

use super::{Host, Plugin};
use crate::image::{ExportInfo, Manifest, ParamInfo, SubscriptionInfo, SystemInfo, Term};
use crate::status::{
    ExportStatus, FORMAT, FaultStatus, HostStatus, PluginStatus, RefusalStatus, SubscriptionStatus, SwapStatus,
    SystemStatus, state,
};

impl Host {
    /// This host and its plugins, for people and tools; `hotframe status` shows it.
    #[must_use]
    pub fn status(&self) -> HostStatus {
        HostStatus {
            format: FORMAT,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            pid: std::process::id(),
            folder: self.folder().display().to_string(),
            plugins: self.plugins.iter().map(|(name, plugin)| self.status_of(name, plugin)).collect(),
        }
    }

    fn status_of(&self, name: &str, plugin: &Plugin) -> PluginStatus {
        let running = plugin.slot.as_ref().zip(plugin.image.as_ref());
        let manifest = running.map(|(_, image)| image.manifest());
        let state = match &plugin.slot {
            Some(slot) if slot.is_suspended() => state::SUSPENDED,
            Some(_) => state::RUNNING,
            None if plugin.stats.generation > 0 => state::REMOVED,
            None => state::NOT_LOADED,
        };
        let history = &plugin.history;
        let swap = history.swap.map(|swap| SwapStatus {
            from: swap.from,
            held_ns: u64::try_from(swap.held.as_nanos()).unwrap_or(u64::MAX),
            ago_ms: ago_ms(swap.at),
        });
        let refusal = history.refusal.as_ref();
        let refusal = refusal.map(|(at, reason)| RefusalStatus { reason: reason.clone(), ago_ms: ago_ms(*at) });
        let faults = plugin.slot.as_ref().map_or(plugin.stats.panics, |slot| slot.faults().count());
        let fault = plugin.slot.as_ref().and_then(|slot| slot.faults().last()).map(|last| FaultStatus {
            during: last.during,
            message: last.fault.message,
            location: last.fault.location,
            ago_ms: ago_ms(last.at),
        });
        PluginStatus {
            name: name.to_owned(),
            version: manifest.map_or_else(String::new, |manifest| manifest.version.clone()),
            generation: plugin.stats.generation,
            state: state.to_owned(),
            systems: list(manifest, |manifest| &manifest.systems, system),
            subscriptions: list(manifest, |manifest| &manifest.subscriptions, subscription),
            exports: list(manifest, |manifest| &manifest.exports, |_, item| export(item)),
            swap,
            refusal,
            faults,
            fault,
            postponed: self.postponed(name, plugin),
        }
    }

    /// What is put off for a plugin, most urgent first.
    fn postponed(&self, name: &str, plugin: &Plugin) -> Option<String> {
        if let Some(reason) = &plugin.history.postponed {
            return Some(format!("its file cannot be loaded now: {reason}; it is retried every second"));
        }
        if self.pending.contains(name) {
            return Some(match plugin.busy_edges {
                0 => "a change is made at the next frame edge".to_owned(),
                edges => format!("a change has waited for calls of its exports to return for {edges} frames"),
            });
        }
        let waiting = plugin.waiting.as_ref()?;
        let when = match (waiting.busy_since, waiting.is_shortage) {
            (Some(_), _) => "another process lets go of the bus's lock (`bus.lock`)",
            (None, true) => "the system has what it needs; it is tried again every second",
            (None, false) => "other plugins change",
        };
        Some(format!("a build waits until {when}"))
    }
}

fn ago_ms(at: Instant) -> u64 {
    u64::try_from(at.elapsed().as_millis()).unwrap_or(u64::MAX)
}

fn list<T, S>(
    manifest: Option<&Manifest>,
    of: impl Fn(&Manifest) -> &Vec<T>,
    status: impl Fn(&Manifest, &T) -> S,
) -> Vec<S> {
    manifest.map_or_else(Vec::new, |manifest| of(manifest).iter().map(|item| status(manifest, item)).collect())
}

fn system(manifest: &Manifest, item: &SystemInfo) -> SystemStatus {
    let signature = format!("{}({})", item.name, params(manifest, &item.params).join(", "));
    SystemStatus { signature, stage: format!("{:?}", item.stage) }
}

fn subscription(manifest: &Manifest, item: &SubscriptionInfo) -> SubscriptionStatus {
    let mut inputs = vec![item.topic.message.clone()];
    inputs.extend(params(manifest, &item.params));
    SubscriptionStatus { signature: format!("{}({})", item.name, inputs.join(", ")), topic: item.topic.name.clone() }
}

fn export(item: &ExportInfo) -> ExportStatus {
    let docs = item.docs.lines().next().unwrap_or_default().to_owned();
    ExportStatus {
        name: item.name.clone(),
        signature: item.signature.clone(),
        docs,
        internal: item.is_internal,
        thread: item.is_on_thread,
    }
}

/// Parameters as a plugin's author writes them, with the names by which the host knows components and topics.
fn params(manifest: &Manifest, params: &[ParamInfo]) -> Vec<String> {
    let texts = params.iter().map(|param| match param {
        ParamInfo::Query { data, filter } => {
            let mut text = format!("Query<{}", terms(data));
            if !filter.is_empty() {
                let _ = write!(text, ", {}", terms(filter));
            }
            text + ">"
        }
        ParamInfo::Publisher(number) => {
            let topic = manifest.topics.get(*number as usize).map_or("?", |topic| &*topic.name);
            format!("Publisher<{topic}>")
        }
    });
    texts.collect()
}

/// One term, or a tuple.
fn terms(terms: &[Term]) -> String {
    let texts: Vec<String> = terms.iter().map(term).collect();
    if let [only] = &*texts { only.clone() } else { format!("({})", texts.join(", ")) }
}

fn term(term: &Term) -> String {
    let name = term.component.as_ref().map_or("", |component| &*component.name);
    match term.access {
        Access::Read => format!("&{name}"),
        Access::Write => format!("&mut {name}"),
        Access::OptionalRead => format!("Option<&{name}>"),
        Access::OptionalWrite => format!("Option<&mut {name}>"),
        Access::With => format!("With<{name}>"),
        Access::Without => format!("Without<{name}>"),
        Access::Entity => "Entity".to_owned(),
    }
}

//! The report on a run, for people and as JSON.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use plugin_host::{PastLane, PluginStats};
use plugin_sdk::wire::Priority;
use serde::Serialize;
use shm_bus::{Shown, Snapshot};

use crate::meter::{Meter, Spread};
use crate::output;

/// A report can't be written.
#[derive(Debug, thiserror::Error)]
#[error("cannot write the report {}", file.display())]
pub(crate) struct ReportError {
    file: PathBuf,
    source: std::io::Error,
}

/// See `30-game` of the design, or the README, for the fields.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    pub(crate) frames: u64,
    /// Smallest number of living enemies after frame 60.
    pub(crate) agents: u32,
    /// Time of every frame, from the edge to the picture.
    pub(crate) frame_ms: Spread,
    pub(crate) missed_frames: u64,
    pub(crate) missed_frames_at_swap: u64,
    /// 16 hexadecimal digits; covers everything but `unsaved`.
    pub(crate) world_hash: String,
    /// Plugins whose state could not be saved and is not in the hash, with the reasons.
    pub(crate) unsaved: BTreeMap<String, String>,
    /// Average number of bytes that plugins allocated in the frame arena.
    pub(crate) arena_bytes_per_frame: u64,
    pub(crate) plugins: BTreeMap<String, PluginReport>,
    /// Traffic by topic and priority.
    pub(crate) bus: BTreeMap<String, BTreeMap<&'static str, Traffic>>,
    #[serde(skip)]
    pub(crate) score: u32,
    #[serde(skip)]
    pub(crate) wave: u32,
}

/// One plugin's part of the report.
#[derive(Debug, Serialize)]
pub(crate) struct PluginReport {
    generation: u32,
    reloads: u32,
    failed_loads: u32,
    panics: u64,
    /// The most bytes that it took of the frame arena in one frame.
    arena_peak_bytes: usize,
    /// Allocations that its quota of the frame arena refused.
    arena_refused: u64,
    /// Images of replaced and refused builds, which stay mapped until the game ends.
    retired_images: u64,
    /// Address space of these images, in bytes.
    retired_bytes: u64,
    /// How long its swaps blocked the frame edge.
    swap_ms: Spread,
}

impl From<PluginStats> for PluginReport {
    fn from(stats: PluginStats) -> Self {
        Self {
            generation: stats.generation,
            reloads: stats.reloads,
            failed_loads: stats.failed_loads,
            panics: stats.panics,
            arena_peak_bytes: stats.arena.peak_bytes,
            arena_refused: stats.arena.refused,
            retired_images: stats.retired_images,
            retired_bytes: stats.retired_bytes,
            swap_ms: Spread::of(stats.swaps.into_iter()),
        }
    }
}

/// Records of one topic and priority.
#[derive(Clone, Copy, Debug, Default, Serialize)]
pub(crate) struct Traffic {
    sent: u64,
    /// Total over the game's readers.
    received: u64,
    /// Not sent for lack of room: returned, dropped, or abandoned at the policy's deadline.
    dropped: u64,
}

/// The bus's counters, those of former lanes of plugins that the bus no longer has, and what the game's readers received. Topics without
/// any lane are left out.
pub(crate) fn traffic(
    snapshot: &Snapshot,
    past: &[PastLane],
    received: &BTreeMap<String, [u64; 4]>,
) -> BTreeMap<String, BTreeMap<&'static str, Traffic>> {
    let mut topics = BTreeMap::<_, BTreeMap<_, Traffic>>::new();
    for topic in &snapshot.topics {
        let priorities = topics.entry(topic.name.clone()).or_default();
        for lane in &topic.lanes {
            let sum = priorities.entry(lane.priority.name()).or_default();
            sum.sent += lane.sent;
            sum.dropped += lane.rejected + lane.dropped + lane.timed_out;
        }
    }
    let is_listed = |id: u64| snapshot.topics.iter().flat_map(|topic| &topic.lanes).any(|lane| lane.id == id);
    for PastLane { topic, priority, sent, .. } in past.iter().filter(|past| !is_listed(past.sent.lane)) {
        let sum = topics.entry(topic.clone()).or_default().entry(priority.name()).or_default();
        sum.sent += sent.sent;
        sum.dropped += sent.rejected + sent.dropped + sent.timed_out;
    }
    for (topic, counts) in received {
        for (priority, count) in Priority::ALL.into_iter().zip(counts).filter(|(_, count)| **count > 0) {
            topics.entry(topic.clone()).or_default().entry(priority.name()).or_default().received += count;
        }
    }
    // Such as the requests of a service that nobody has called.
    topics.retain(|_, priorities| !priorities.is_empty());
    topics
}

impl Report {
    /// Writes the report as JSON.
    pub(crate) fn write(&self, file: &Path) -> Result<(), ReportError> {
        let failed = |source| ReportError { file: file.to_owned(), source };
        let text = serde_json::to_string_pretty(self).map_err(|error| failed(error.into()))?;
        output::write(file, (text + "\n").as_bytes()).map_err(failed)
    }

    /// A few lines for a person.
    pub(crate) fn summary(&self) -> String {
        let Self { frames, frame_ms, agents, score, wave, .. } = self;
        let mut text = format!(
            "{frames} frames, score {score}, wave {wave}, at least {agents} enemies\n\
             frame {:.2} ms (p50), {:.2} ms (p99), {:.2} ms (max), {} late, {} late at a swap\n\
             world hash {}, arena {} bytes a frame\n",
            frame_ms.p50,
            frame_ms.p99,
            frame_ms.max,
            self.missed_frames,
            self.missed_frames_at_swap,
            self.world_hash,
            self.arena_bytes_per_frame,
        );
        for (name, reason) in &self.unsaved {
            text += &format!("the hash leaves out {name}, whose state cannot be saved: {reason}\n");
        }
        for (name, plugin) in &self.plugins {
            let PluginReport { generation, reloads, failed_loads, panics, .. } = plugin;
            let (peak, refused, old) = (plugin.arena_peak_bytes, plugin.arena_refused, plugin.retired_images);
            text += &format!(
                "{}: generation {generation}, {reloads} reloads (edge held {:.2} ms p99), {failed_loads} refused, {panics} panics, arena {peak} bytes at most, {refused} allocations refused, {old} old images mapped ({:.1} MB)\n",
                Shown(name),
                plugin.swap_ms.p99,
                plugin.retired_bytes as f64 / 1e6,
            );
        }
        for (topic, priorities) in &self.bus {
            for (priority, Traffic { sent, received, dropped }) in priorities {
                // The topic's name may come from another program.
                let topic = Shown(topic);
                text += &format!("{topic} {priority}: {sent} sent, {received} received, {dropped} dropped\n");
            }
        }
        text
    }

    /// Fills in the meter's measurements.
    pub(crate) fn timed(self, meter: &Meter) -> Self {
        Self {
            frames: meter.count(),
            frame_ms: meter.spread(),
            missed_frames: meter.missed(),
            missed_frames_at_swap: meter.missed_at_swap(),
            ..self
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use plugin_sdk::wire::{Policy, Priority, schema_hash};
    use shm_bus::{Attachment, Bus, Start, TopicSpec};

    use super::traffic;

    const SCHEMA: &str = "Number@1 8/8 {value:u64@0}";

    #[test]
    fn what_found_no_room_is_dropped_whatever_the_policy_calls_it() {
        let folder = tempfile::TempDir::new().expect("a folder");
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        for policy in [Policy::Reject, Policy::DropNewest, Policy::Block { timeout_ms: 1 }] {
            let name = format!("tests/{}", policy.name());
            let topic = TopicSpec {
                name: &name,
                type_name: "Number",
                schema: SCHEMA,
                schema_hash: schema_hash(SCHEMA),
                message_size: 8,
                policy,
            };
            let mut publisher = bus.publisher(&topic, "test", &[(Priority::Normal, 4096)]).expect("room");
            let mut slow = bus.inbox("slow", Attachment::Gating).expect("room");
            slow.subscribe(&topic, Start::Now).expect("the same declaration");
            for value in 0..300_u64 {
                // The policy decides whether a full lane is an error.
                let _ = publisher.send(Priority::Normal, &value.to_le_bytes());
            }
            let traffic = traffic(&bus.snapshot(), &[], &BTreeMap::new())[&name]["normal"];
            assert!(traffic.sent > 0 && traffic.dropped > 0, "{policy:?}: {traffic:?}");
            assert_eq!(traffic.sent + traffic.dropped, 300, "{policy:?}");
        }
    }
}

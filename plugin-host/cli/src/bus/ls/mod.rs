//! `hotframe bus ls`: lists the present content of a bus.

mod queues;
mod requests;

use std::error::Error;
use std::io::Write;

use serde_json::{Value, json};
use shm_bus::{LaneInfo, Process, Shown, Snapshot};

use crate::bus::observe::process::pid_text;
use crate::bus::target::find::{FindError, look};
use crate::output::figures::sum;

/// Lists topics with their types, priorities, publishers and counts; participants, readers and work queues.
///
/// Example: hotframe bus ls --json | jq '.topics[].name'
#[derive(Clone, Debug, clap::Args)]
#[command(verbatim_doc_comment)]
pub(crate) struct Args {
    /// Bus [default: all live ones]
    #[arg(long, value_name = "NAME")]
    bus: Option<String>,
    /// One line of JSON per bus
    #[arg(long)]
    json: bool,
}

pub(super) fn ls(args: &Args, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let names = match &args.bus {
        Some(name) => vec![name.clone()],
        None => shm_bus::list()?,
    };
    if names.is_empty() {
        return Err(FindError::None(shm_bus::runtime_folder()).into());
    }
    for name in names {
        let snapshot = look(&name)?;
        if args.json { writeln!(out, "{}", as_json(&snapshot))? } else { out.write_all(as_text(&snapshot).as_bytes())? }
    }
    Ok(out.flush()?)
}

fn as_text(snapshot: &Snapshot) -> String {
    let mut text = format!("bus {}\n", Shown(&snapshot.bus));
    for participant in &snapshot.participants {
        let state = if participant.alive { "" } else { " (dead)" };
        text += &format!("  participant {} pid {}{state}\n", Shown(&participant.name), pid_text(participant.process));
    }
    for topic in &snapshot.topics {
        text += &format!("  topic {}  {}\n", Shown(&topic.name), Shown(&topic.schema));
        for lane in &topic.lanes {
            text += &format!(
                "    {:8} from {}: {} sent, {} dropped, {} of {} bytes unread{}\n",
                lane.priority.name(),
                Shown(&lane.publisher),
                lane.sent,
                refused(lane),
                lane.fill,
                lane.capacity,
                if lane.open { "" } else { ", closed" },
            );
        }
    }
    for queue in &snapshot.queues {
        text += &queues::text(queue);
    }
    for inbox in &snapshot.inboxes {
        let kind = if inbox.observer { "observer" } else { "inbox" };
        let (name, topics) = (Shown(&inbox.name), inbox.topics.join(", "));
        let (topics, received, lost) = (Shown(&topics), inbox.received, inbox.lost);
        text += &format!("  {kind} {name} reads {topics}: {received} received, {lost} lost\n");
        text += &requests::text(inbox);
    }
    text
}

/// Messages that were not sent.
fn refused(lane: &LaneInfo) -> u64 {
    sum([lane.rejected, lane.dropped, lane.timed_out])
}

fn as_json(snapshot: &Snapshot) -> Value {
    let lanes = |topic: &shm_bus::TopicInfo| -> Vec<Value> {
        let lane = |lane: &LaneInfo| {
            json!({
                "priority": lane.priority.name(), "publisher": lane.publisher, "open": lane.open, "sent": lane.sent,
                "dropped": refused(lane), "rejected": lane.rejected,
                "dropped_newest": lane.dropped, "timed_out": lane.timed_out, "waited": lane.waited, "wakes": lane.wakes,
                "faulty": lane.faulty, "unread_bytes": lane.fill, "laggard": lane.laggard,
                "high_water_bytes": lane.high_water, "capacity_bytes": lane.capacity,
            })
        };
        topic.lanes.iter().map(lane).collect()
    };
    let topics = snapshot.topics.iter().map(|topic| {
        json!({
            "name": topic.name, "type": topic.type_name, "schema": topic.schema,
            "schema_hash": format!("{:016x}", topic.schema_hash), "policy": topic.policy.name(), "lanes": lanes(topic),
        })
    });
    let participants = snapshot.participants.iter().map(|participant| {
        let Process { pid, is_local, .. } = participant.process;
        json!({ "name": participant.name, "pid": pid, "pid_is_local": is_local, "alive": participant.alive })
    });
    let inboxes = snapshot.inboxes.iter().map(|inbox| {
        json!({
            "name": inbox.name, "observer": inbox.observer, "topics": inbox.topics, "received": inbox.received,
            "lost": inbox.lost, "conflated": inbox.conflated, "corrupt": inbox.corrupt, "evicted": inbox.evicted,
            "sleeps": inbox.sleeps, "late_wakes": inbox.late_wakes, "starvation": inbox.starvation,
            "client": inbox.client.map(requests::client_json), "server": inbox.server.map(requests::server_json),
        })
    });
    json!({
        "bus": snapshot.bus,
        "participants": participants.collect::<Vec<_>>(),
        "topics": topics.collect::<Vec<_>>(),
        "inboxes": inboxes.collect::<Vec<_>>(),
        "queues": queues::json(snapshot),
    })
}

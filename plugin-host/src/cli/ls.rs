//! `hotframe bus ls`: what a bus holds now.

use std::error::Error;
use std::io::Write;

use serde_json::{Value, json};
use shm_bus::Snapshot;

use super::LsArgs;
use super::find::{FindError, find};

pub(super) fn ls(args: &LsArgs, out: &mut impl Write) -> Result<(), Box<dyn Error>> {
    let names = match &args.bus {
        Some(name) => vec![name.clone()],
        None => shm_bus::list()?,
    };
    if names.is_empty() {
        return Err(FindError::None.into());
    }
    for name in names {
        let snapshot = find(Some(&name))?.snapshot();
        if args.json { writeln!(out, "{}", as_json(&snapshot))? } else { out.write_all(as_text(&snapshot).as_bytes())? }
    }
    Ok(out.flush()?)
}

fn as_text(snapshot: &Snapshot) -> String {
    let mut text = format!("bus {}\n", snapshot.bus);
    for participant in &snapshot.participants {
        let state = if participant.alive { "" } else { " (dead)" };
        text += &format!("  participant {} pid {}{state}\n", participant.name, participant.pid);
    }
    for topic in &snapshot.topics {
        text += &format!("  topic {}  {}\n", topic.name, topic.schema);
        for lane in &topic.lanes {
            text += &format!(
                "    {:8} from {}: {} sent, {} dropped, {} of {} bytes unread{}\n",
                lane.priority.name(),
                lane.publisher,
                lane.sent,
                lane.rejected,
                lane.fill,
                lane.capacity,
                if lane.open { "" } else { ", closed" },
            );
        }
    }
    for inbox in &snapshot.inboxes {
        let kind = if inbox.observer { "observer" } else { "inbox" };
        let topics = inbox.topics.join(", ");
        text += &format!("  {kind} {} reads {topics}: {} received, {} lost\n", inbox.name, inbox.received, inbox.lost);
    }
    text
}

fn as_json(snapshot: &Snapshot) -> Value {
    let lanes = |topic: &shm_bus::TopicInfo| -> Vec<Value> {
        let lane = |lane: &shm_bus::LaneInfo| {
            json!({
                "priority": lane.priority.name(), "publisher": lane.publisher, "open": lane.open, "sent": lane.sent,
                "dropped": lane.rejected, "unread_bytes": lane.fill, "capacity_bytes": lane.capacity,
            })
        };
        topic.lanes.iter().map(lane).collect()
    };
    let topics = snapshot.topics.iter().map(|topic| {
        json!({
            "name": topic.name, "type": topic.type_name, "schema": topic.schema,
            "schema_hash": format!("{:016x}", topic.schema_hash), "lanes": lanes(topic),
        })
    });
    let participants = snapshot
        .participants
        .iter()
        .map(|participant| json!({ "name": participant.name, "pid": participant.pid, "alive": participant.alive }));
    let inboxes = snapshot.inboxes.iter().map(|inbox| {
        json!({
            "name": inbox.name, "observer": inbox.observer, "topics": inbox.topics, "received": inbox.received,
            "lost": inbox.lost,
        })
    });
    json!({
        "bus": snapshot.bus,
        "participants": participants.collect::<Vec<_>>(),
        "topics": topics.collect::<Vec<_>>(),
        "inboxes": inboxes.collect::<Vec<_>>(),
    })
}

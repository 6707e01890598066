//! Checks one bus by watching it for a while.

use std::path::Path;
use std::time::Duration;

use plugin_host::with_causes;
use shm_bus::{CorruptInfo, InboxInfo, LaneInfo, LockLook, ParticipantInfo, RegistryTable, Snapshot, TopicInfo};

use super::finding::{Finding, Report};
use super::queue;
use crate::bus::observe::process::{advice_on_hanging, advice_on_stopped};
use crate::bus::observe::progress::hangs;
use crate::output::figures::{count, several, sum};

/// Fill level above which a lane counts as held up.
const FULL: f64 = 0.75;
/// Only a stopped process holds the lock of a bus for longer than this.
const LOCK_PATIENCE: Duration = Duration::from_secs(1);

pub(super) fn look(folder: &Path, name: &str, interval: Duration) -> Vec<Finding> {
    let mut report = Report::new(format!("bus {name}"));
    let lock = shm_bus::look_at_lock(name, LOCK_PATIENCE);
    if lock == LockLook::NoFile {
        report.problem(NO_LOCK, advice_on_no_lock(folder, name));
    }
    if lock == LockLook::Held {
        let holder = shm_bus::peek(name).ok().and_then(|snapshot| snapshot.changing);
        let who = holder.map_or_else(|| "an unknown process".to_owned(), |process| process.to_string());
        let what = format!(
            "{who} holds bus.lock and does not release it: no program can attach, and no new publisher or inbox can be created"
        );
        report.problem(what, format!("resume it (`kill -CONT`) or end it; {} shows the lock's holder", holder_hint()));
    }
    // Does not attach: this works on a bus that is full or held up.
    let watched = shm_bus::peek(name).and_then(|before| {
        std::thread::sleep(interval);
        Ok((before, shm_bus::peek(name)?))
    });
    let (before, now) = match watched {
        Ok(watched) => watched,
        Err(error) => {
            report.problem(with_causes(&error), "`hotframe bus ls` lists the live buses");
            return report.findings;
        }
    };
    for participant in &now.participants {
        look_at_participant(participant, &before, &now, &mut report);
    }
    for topic in &now.topics {
        for lane in &topic.lanes {
            let earlier = before.topics.iter().flat_map(|topic| &topic.lanes).find(|earlier| earlier.id == lane.id);
            look_at_lane(topic, lane, earlier, &mut report);
        }
    }
    for inbox in &now.inboxes {
        look_at_inbox(inbox, &mut report);
    }
    for info in &now.queues {
        queue::look(info, &now.participants, &mut report);
    }
    now.corrupt.iter().for_each(|corrupt| look_at_corrupt(corrupt, &now, &mut report));
    look_for_missing(&now, &mut report);
    look_at_limits(&now, &mut report);
    report.findings
}

/// Text for a lock path that is not a file.
pub(super) const NO_LOCK: &str = "its bus.lock is not a regular file: another program replaced it, so no program can attach, and no new publisher or inbox can be created";

fn advice_on_no_lock(folder: &Path, name: &str) -> String {
    format!("remove {}: the next change of the bus creates it again", folder.join(name).join("bus.lock").display())
}

const fn holder_hint() -> &'static str {
    if cfg!(target_os = "linux") { "`lslocks`" } else { "`lsof`" }
}

fn look_at_participant(participant: &ParticipantInfo, before: &Snapshot, now: &Snapshot, report: &mut Report) {
    let ParticipantInfo { name, process, slot, stopped, .. } = participant;
    let mut claims = now.queues.iter().flat_map(|queue| &queue.lanes).flat_map(|lane| &lane.claimed);
    let holds_work = claims.any(|claim| claim.participant == Some(*slot));
    let (state, advice) = match participant {
        participant if !participant.alive => return,
        // Reported with its queue.
        _ if holds_work && *stopped => return,
        _ if *stopped => ("is stopped", format!("{}; or end it", advice_on_stopped(*process))),
        _ if hangs(participant, before, now) => ("is alive but makes no progress", advice_on_hanging(*process)),
        _ => return,
    };
    let what = format!("{name} ({process}) {state}");
    if now.inboxes.iter().any(|inbox| inbox.participant == *slot && !inbox.observer) {
        report.problem(format!("{what}, and publishers wait for its inboxes"), advice);
    } else if holds_work {
        report.hint(format!("{what}; it holds jobs that perhaps take long"), advice);
    } else {
        report.hint(format!("{what}; nothing waits for it"), advice);
    }
}

/// Reports files that were removed while the bus is alive.
fn look_for_missing(now: &Snapshot, report: &mut Report) {
    for file in &now.missing {
        let why = match file {
            lock if lock.ends_with(".lock") => {
                "its participant counts as alive until its process is proven to have ended"
            }
            _ => "processes that have mapped it keep running, but no other process can use it",
        };
        report.problem(
            format!("its file {file} was removed or replaced"),
            format!("{why}: restart its program, and do not change the folder of a live bus"),
        );
    }
}

fn look_at_limits(now: &Snapshot, report: &mut Report) {
    let lanes = now.topics.iter().map(|topic| topic.lanes.len()).sum();
    let limits = now.limits;
    let tables = [
        ("participants", now.participants.len(), limits.participants),
        ("topics", now.topics.len(), limits.topics),
        ("lanes", lanes, limits.lanes),
        ("inboxes", now.inboxes.len(), limits.inboxes),
    ];
    for (what, used, max) in tables.into_iter().filter(|(_, used, max)| used * 10 >= max * 9) {
        report.problem(
            format!("{used} of at most {max} {what} are in use"),
            "further ones will be refused: use fewer, or several buses",
        );
    }
    if now.bytes as f64 >= limits.bytes as f64 * 0.9 {
        let (used, max) = (count(now.bytes as f64), count(limits.bytes as f64));
        report.problem(
            format!("{used}B of at most {max}B are in use"),
            "new lanes will be refused: create the bus with a higher byte limit",
        );
    }
}

/// A corrupt entry keeps its place while a process that may own it is alive.
fn look_at_corrupt(corrupt: &CorruptInfo, now: &Snapshot, report: &mut Report) {
    let owner = corrupt.owner.and_then(|slot| now.participants.iter().find(|participant| participant.slot == slot));
    let until = match owner {
        Some(owner) => format!("{} ({}), which it names, ends", owner.name, owner.process),
        None if corrupt.table == RegistryTable::Topics => "it has no publisher and no reader any more".to_owned(),
        None => "all present participants have left".to_owned(),
    };
    report.problem(
        format!("entry {} of the registry's {} is corrupt and keeps its place", corrupt.index, corrupt.table.name()),
        format!("a process wrote where it must not: look for stray writes or a different build; the place becomes free when {until}"),
    );
}

fn look_at_lane(topic: &TopicInfo, lane: &LaneInfo, earlier: Option<&LaneInfo>, report: &mut Report) {
    let which = format!("topic {} {} of {}", topic.name, lane.priority.name(), lane.publisher);
    let refused = |lane: &LaneInfo| sum([lane.rejected, lane.dropped, lane.timed_out]);
    let more = refused(lane).saturating_sub(earlier.map_or(0, refused));
    let is_full = topic.policy.gates() && lane.fill as f64 >= lane.capacity as f64 * FULL;
    // Without a laggard it is a queue's lane, whose workers have not finished, or the messages were too long.
    let (cause, advice) = match &lane.laggard {
        Some(inbox) => (
            format!("inbox `{inbox}` has not read"),
            format!(
                "make `{inbox}` read faster or attach as an observer, raise the capacity, or choose a policy that overwrites"
            ),
        ),
        None => (
            "no room, or longer than a quarter of the lane".to_owned(),
            "raise the capacity; for a work queue start more workers, or raise `QueueLane::outstanding`".to_owned(),
        ),
    };
    if more > 0 {
        let what = format!("{which} returned or dropped {} just now: {cause}", several(more, "message"));
        report.problem(what, advice);
    } else if is_full {
        let percent = 100.0 * lane.fill as f64 / lane.capacity as f64;
        report.problem(format!("{which} is {percent:.0}% full: {cause}"), advice);
    } else if refused(lane) > 0 {
        let refused = several(refused(lane), "message");
        let what = format!("{which} returned or dropped {refused} so far, none of them just now");
        report.hint(what, "raise the capacity if these messages matter");
    }
    if lane.faulty > 0 {
        let what = format!("{which} no longer waits for {} with impossible cursors", several(lane.faulty, "inbox"));
        report.problem(
            what,
            "a process wrote where it must not: look for stray writes or a different build in that reader",
        );
    }
}

fn look_at_inbox(inbox: &InboxInfo, report: &mut Report) {
    let name = &inbox.name;
    if inbox.corrupt > 0 {
        let what = format!("inbox {name} has left {}, because of impossible contents", several(inbox.corrupt, "lane"));
        report.problem(
            what,
            "a process wrote where it must not: look for stray writes or a different build in the publisher",
        );
    }
    if inbox.evicted > 0 {
        let what =
            format!("inbox {name} was too slow for {}, and no longer reads there", several(inbox.evicted, "lane"));
        report.problem(what, "subscribe again, and read faster or raise the capacity");
    }
    if inbox.lost > 0 && !inbox.observer {
        let what = format!("inbox {name} has lost {} to overwriting", several(inbox.lost, "message"));
        report.hint(what, "read faster, raise the capacity, or choose a policy that waits");
    }
    // Late wake-ups are reported if they are more than one in a thousand.
    if inbox.late_wakes > 0 && inbox.late_wakes.saturating_mul(1000) > inbox.sleeps {
        let what = format!(
            "inbox {name} was woken late {} in {}",
            several(inbox.late_wakes, "time"),
            several(inbox.sleeps, "sleep")
        );
        report.hint(what, "a publisher was killed or stopped while it sent, or the machine is overloaded");
    }
}

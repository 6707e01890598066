//! Lock files that somebody deletes or replaces while the bus is alive: they prove no death, and no participant is lost.

use std::path::Path;

use shm_bus::{Attachment, Bus, OpenError, list_in};

use super::support::{LANE, NUMBERS, Other, alive, drain, folder, gating, is_empty, two_hundred};

#[test]
fn a_gating_reader_whose_lock_file_was_removed_is_waited_for() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
    let mut other = Other::start(folder.path());
    other.ask("gating");
    other.ask("idle");
    std::fs::remove_file(bus.path().join("p1.lock")).expect("there");
    assert_eq!(two_hundred(&mut publisher), 63, "as many as fit");
    assert_eq!(bus.snapshot().missing, ["p1.lock"]);
    assert_eq!(other.ask("drain"), "63 0");
    assert_eq!(bus.snapshot().topics[0].lanes[0].rejected, 137);
    // It goes as usual: on its own, or when its process is dead.
    other.ask("leave");
    assert_eq!(alive(&bus.snapshot()), "0:true");
    other.ask("gating");
    std::fs::remove_file(bus.path().join("p1.lock")).expect("there");
    other.kill();
    drop(bus.inbox("any change", Attachment::Observer).expect("made"));
    let snapshot = bus.snapshot();
    let cleared = (alive(&snapshot), snapshot.inboxes.len());
    let proven = if cfg!(target_os = "linux") { ("0:true".to_owned(), 0) } else { ("0:true 1:true".to_owned(), 1) };
    assert_eq!(cleared, proven, "where the system tells that its process has ended");
}

#[test]
fn another_file_in_the_place_of_a_lock_proves_nothing() {
    let plants: [fn(&Path); 4] = [
        |lock| std::fs::write(lock, "").expect("written"),
        |lock| std::fs::write(lock, "12345678").expect("written"),
        |lock| assert_eq!(std::fs::copy(lock.with_file_name("p0.lock"), lock).expect("copied"), 32),
        |lock| std::fs::create_dir(lock).expect("made"),
    ];
    for plant in plants {
        let folder = folder();
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
        let other = bus.attach_again().expect("attaches");
        let mut inbox = gating(&other, &NUMBERS);
        let lock = bus.path().join("p1.lock");
        std::fs::remove_file(&lock).expect("there");
        plant(&lock);
        assert_eq!(two_hundred(&mut publisher), 63);
        assert_eq!(alive(&Bus::attach_in(folder.path(), "game").expect("attaches").snapshot()), "0:true 1:true 2:true");
        assert_eq!(drain(&mut inbox).0.len(), 63);
        drop((inbox, other));
        assert_eq!(alive(&bus.snapshot()), "0:true");
    }
}

#[test]
fn a_lock_that_bears_the_name_of_anothers_proves_no_death() {
    fn rename(from: &Path, to: &Path) {
        std::fs::rename(from, to).expect("there");
    }
    let renames: [fn(&Path, &Path); 4] = [
        |p0, p1| rename(p1, p0),
        |p0, p1| {
            std::fs::remove_file(p0).expect("there");
            std::fs::hard_link(p1, p0).expect("made");
        },
        |p0, p1| {
            let aside = p0.with_file_name("aside");
            rename(p0, &aside);
            rename(p1, p0);
            rename(&aside, p1);
        },
        rename,
    ];
    for (number, rename) in renames.into_iter().enumerate() {
        let folder = folder();
        let bus = Bus::open_in(folder.path(), "game").expect("opens");
        let mut inbox = gating(&bus, &NUMBERS);
        let mut other = Other::start(folder.path());
        other.ask("publisher");
        other.ask("send");
        rename(&bus.path().join("p0.lock"), &bus.path().join("p1.lock"));
        assert!(!bus.snapshot().missing.is_empty(), "{number}: it is told");
        other.kill();
        assert_eq!(shm_bus::gc_in(folder.path()).expect("listed"), [""; 0], "{number}");
        assert_eq!(list_in(folder.path()).expect("listed"), ["game"], "{number}");
        assert_eq!(drain(&mut inbox).0, [0]);
        drop(bus.inbox("any change", Attachment::Observer).expect("made"));
        let cleared = if cfg!(target_os = "linux") { "0:true" } else { "0:true 1:true" };
        assert_eq!(alive(&bus.snapshot()), cleared, "{number}: where the system tells that its process has ended");
        let late = Bus::attach_in(folder.path(), "game").expect("the same bus");
        assert!(alive(&late.snapshot()).starts_with("0:true"), "{number}");
        drop((late, inbox, bus));
        assert!(!cfg!(target_os = "linux") || is_empty(folder.path()), "{number}: who leaves clears up");
    }
}

#[test]
fn who_leaves_is_gone_although_anothers_lock_bears_its_locks_name() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let other = bus.attach_again().expect("attaches");
    let [p0, p1] = ["p0.lock", "p1.lock"].map(|name| bus.path().join(name));
    std::fs::remove_file(&p1).expect("there");
    std::fs::hard_link(&p0, &p1).expect("made");
    assert_eq!(alive(&bus.snapshot()), "0:true 1:true");
    drop(other);
    assert_eq!(alive(&bus.snapshot()), "0:true");
    drop(bus);
    assert!(is_empty(folder.path()));
}

#[test]
fn the_lock_of_a_former_participant_or_of_another_bus_proves_no_death() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut publisher = bus.publisher(&NUMBERS, "writer", LANE).expect("made");
    // Of the former participant in the same slot.
    let [p1, kept] = ["p1.lock", "kept"].map(|name| bus.path().join(name));
    let former = bus.attach_again().expect("attaches");
    std::fs::hard_link(&p1, &kept).expect("made");
    drop(former);
    let other = bus.attach_again().expect("attaches");
    let mut inbox = gating(&other, &NUMBERS);
    std::fs::rename(&kept, &p1).expect("there");
    assert_eq!(two_hundred(&mut publisher), 63, "it is waited for");
    assert_eq!(drain(&mut inbox).0.len(), 63);
    drop((inbox, other, publisher));
    assert_eq!(alive(&bus.snapshot()), "0:true");
    // Of a participant of another bus in the same slot, with the same id.
    let lab = Bus::open_in(folder.path(), "lab").expect("opens");
    assert_eq!(bus.id(), lab.id());
    std::fs::rename(lab.path().join("p0.lock"), bus.path().join("p0.lock")).expect("there");
    drop(lab);
    assert_eq!(shm_bus::gc_in(folder.path()).expect("listed"), [""; 0]);
    bus.check().expect("in its place");
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    drop(bus);
    assert!(is_empty(folder.path()));
}

#[test]
fn a_bus_without_any_lock_file_is_not_made_anew_under_its_participants() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = gating(&bus, &NUMBERS);
    std::fs::remove_file(bus.path().join("p0.lock")).expect("there");
    assert_eq!(shm_bus::gc_in(folder.path()).expect("listed"), [""; 0]);
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    let error = Bus::builder("game").folder(folder.path()).lanes(7).open().expect_err("other limits");
    assert!(matches!(error, OpenError::LimitsDiffer { .. }), "{error}");
    let mut other = Other::start(folder.path());
    other.ask("publisher");
    other.ask("send");
    assert_eq!(drain(&mut inbox).0, [0], "they meet");
    drop((inbox, bus));
    other.leave();
    assert!(is_empty(folder.path()));
}

#[test]
fn a_bus_whose_bus_lock_was_removed_goes_on() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let mut inbox = gating(&bus, &NUMBERS);
    std::fs::remove_file(bus.path().join("bus.lock")).expect("there");
    assert_eq!(list_in(folder.path()).expect("listed"), ["game"]);
    let mut other = Other::start(folder.path());
    other.ask("publisher");
    other.ask("send");
    assert_eq!(drain(&mut inbox).0, [0]);
    bus.check().expect("in its place");
    std::fs::remove_file(bus.path().join("bus.lock")).expect("created again by the change");
    other.leave();
    drop((inbox, bus));
    assert!(is_empty(folder.path()));
}

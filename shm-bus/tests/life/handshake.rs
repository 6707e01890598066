//! Which builds fit a bus, tested by rewriting the header of a live one.

use std::fs::OpenOptions;
use std::os::unix::fs::FileExt;
use std::path::Path;

use shm_bus::{Bus, OpenError, Version};

use super::support::folder;

/// Bytes of the header, as `PROTOCOL.md` gives them.
const MAGIC: u64 = 0;
const VERSION: u64 = 8;
const REQUIRED: u64 = 16;
const OPTIONAL: u64 = 24;
const RELEASE: u64 = 128;

/// Rewrites a word of the registry; returns its former value.
fn patch(folder: &Path, byte: u64, value: u64) -> u64 {
    let file = OpenOptions::new().read(true).write(true).open(folder.join("game/control")).expect("a live bus");
    let mut before = [0; 8];
    file.read_exact_at(&mut before, byte).expect("read");
    file.write_all_at(&value.to_le_bytes(), byte).expect("written");
    u64::from_le_bytes(before)
}

const fn version(major: u32, minor: u32) -> u64 {
    (major as u64) << 32 | minor as u64
}

#[test]
fn another_major_version_is_refused_with_both_sides_and_the_bus_goes_on() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    let before = patch(folder.path(), VERSION, version(2, 3));
    patch(folder.path(), RELEASE, u64::from_le_bytes(*b"9.9.9\0\0\0"));
    for opened in [Bus::open_in(folder.path(), "game"), Bus::attach_in(folder.path(), "game")] {
        let error = opened.expect_err("refused");
        let text = error.to_string();
        let OpenError::Incompatible { made_by, here, .. } = error else { panic!("{text}") };
        assert_eq!((made_by.version, here.version), (Version { major: 2, minor: 3 }, Version::HERE));
        assert_eq!((made_by.process.pid, here.process.pid), (std::process::id(), std::process::id()));
        assert!(text.contains("shm-bus 9.9.9, format 2.3") && text.contains("format 1.1"), "{text}");
    }
    patch(folder.path(), VERSION, before);
    let second = Bus::attach_in(folder.path(), "game").expect("fits again");
    assert_eq!(bus.snapshot().participants.len(), 2);
    drop((second, bus));
    assert!(super::support::is_empty(folder.path()));
}

#[test]
fn a_newer_minor_version_and_unknown_optional_features_fit() {
    let folder = folder();
    let _bus = Bus::open_in(folder.path(), "game").expect("opens");
    patch(folder.path(), VERSION, version(1, 77));
    patch(folder.path(), OPTIONAL, 1 << 40);
    let second = Bus::attach_in(folder.path(), "game").expect("fits");
    let creator = second.snapshot().creator.expect("sensible");
    assert_eq!((creator.version.minor, creator.optional), (77, 1 << 40));
}

#[test]
fn an_unknown_required_feature_is_refused() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    patch(folder.path(), REQUIRED, 1 << 5);
    let error = Bus::attach_in(folder.path(), "game").expect_err("refused");
    assert!(error.to_string().contains("features 0x20"), "{error}");
    let OpenError::Incompatible { made_by, here, .. } = error else { panic!("{error}") };
    assert_eq!((made_by.required, here.required & 1 << 5), (1 << 5, 0));
    assert!(bus.inbox("still", shm_bus::Attachment::Observer).is_ok(), "the bus stays usable");
}

#[test]
fn what_is_no_register_is_refused_while_somebody_lives_and_replaced_afterwards() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    patch(folder.path(), MAGIC, 7);
    let refused = Bus::open_in(folder.path(), "game");
    assert!(matches!(refused, Err(OpenError::Io { what: "map the registry", .. })), "{refused:?}");
    drop(bus);
    assert!(super::support::is_empty(folder.path()));
    Bus::open_in(folder.path(), "game").expect("made afresh");
}

#[test]
fn the_snapshot_tells_who_made_the_bus_and_who_gets_on() {
    let folder = folder();
    let bus = Bus::open_in(folder.path(), "game").expect("opens");
    bus.beat();
    bus.beat();
    let mut inbox = bus.inbox("reader", shm_bus::Attachment::Gating).expect("made");
    inbox.drain(|_| ()).expect("nothing to map");
    let snapshot = bus.snapshot();
    let creator = snapshot.creator.expect("sensible");
    let me = &snapshot.participants[0];
    assert_eq!((creator.version, creator.process.pid, creator.required), (Version::HERE, std::process::id(), 1));
    assert_eq!((&creator.program, me.version, me.pid), (&me.name, Version::HERE, std::process::id()));
    assert_eq!(me.beat, 3, "two of its own and a drain");
    assert!(me.alive && me.age < std::time::Duration::from_secs(3600));
}

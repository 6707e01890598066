//! Copying or touching a file is a request for another try.

use std::time::SystemTime;

use super::*;

/// A request's name, and the action.
type Request = (&'static str, Box<dyn Fn()>);

/// The actions of `touch`, `touch -c`, `cp` over itself, a rename over it with the same bytes, and `chmod`.
fn requests(rig: &Rig, text: &str) -> Vec<Request> {
    let (file, aside, text) = (rig.file("ai"), rig.dir.path().to_path_buf(), text.to_owned());
    let with = |act: fn(&Path, &Path, &str)| -> Box<dyn Fn()> {
        let (file, aside, text) = (file.clone(), aside.clone(), text.clone());
        Box::new(move || act(&file, &aside, &text))
    };
    vec![
        (
            "touched",
            with(|file, _, _| {
                File::options().append(true).open(file).unwrap().set_modified(SystemTime::now()).unwrap()
            }),
        ),
        ("times set", with(|file, _, _| File::open(file).unwrap().set_modified(SystemTime::UNIX_EPOCH).unwrap())),
        ("copied over", with(|file, _, text| fs::write(file, text).unwrap())),
        ("renamed over", with(|file, aside, text| replace(aside, file, text))),
        (
            "removed and copied",
            with(|file, _, text| {
                fs::remove_file(file).unwrap();
                fs::write(file, text).unwrap();
            }),
        ),
        (
            "made read-only",
            with(|file, _, _| {
                let mut permissions = fs::metadata(file).unwrap().permissions();
                permissions.set_readonly(true);
                fs::set_permissions(file, permissions).unwrap();
            }),
        ),
    ]
}

/// A rig that works on slow machines: a file that is looked at while it is written is tried until it is complete, and a file that is put
/// back counts as never gone.
fn patient() -> Rig {
    Rig::with(Timing { retries: [NEVER; 4], gone: NEVER, ..Timing::PLATFORM })
}

#[test]
fn a_refused_file_that_is_copied_or_touched_is_tried_again() {
    let mut rig = patient();
    rig.replace("ai", "BAD");
    assert_eq!(rig.next(), rig.refused("ai", "bad"));
    rig.nothing_more();
    for (what, request) in requests(&rig, "BAD") {
        request();
        assert_eq!(rig.next(), rig.refused("ai", "bad"), "{what}");
        rig.nothing_more();
    }
}

#[test]
fn an_accepted_file_that_is_copied_or_touched_is_told_to_the_host_which_may_have_it_tried_again() {
    let mut rig = patient();
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    for (what, request) in requests(&rig, "one END") {
        request();
        assert_eq!(rig.next(), rig.touched("ai"), "{what}");
        rig.nothing_more();
    }
    rig.watcher.retry("ai");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.watcher.retry("nobody");
    rig.nothing_more();
}

#[test]
fn a_file_that_the_host_can_t_try_is_told_once_and_tried_until_it_can() {
    let mut rig = Rig::with(Timing { postponed: Duration::from_millis(1), look: NEVER, ..Timing::PLATFORM });
    rig.replace("ai", "FULL");
    let postponed = |reason: &str| FileEvent::Postponed {
        plugin: "ai".to_owned(),
        path: rig.file("ai"),
        reason: reason.to_owned(),
    };
    assert_eq!(rig.next(), postponed("FULL"));
    for _ in 0..20 {
        rig.await_try("ai", "FULL");
    }
    rig.replace("ai", "FULL and read-only");
    assert_eq!(rig.next(), postponed("FULL and read-only"), "another reason is news");
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.nothing_more();
}

#[test]
fn a_request_that_comes_while_the_host_can_t_try_is_answered_when_it_can() {
    let can = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let dir = tempfile::tempdir().unwrap();
    let (tell, events) = unbounded();
    let is_able = can.clone();
    let try_file = Box::new(move |candidate: &Candidate<'_>| {
        if !is_able.load(std::sync::atomic::Ordering::Relaxed) {
            return Attempt::Postponed { reason: "no room".to_owned() };
        }
        judge(candidate, &fs::read_to_string(candidate.path).unwrap_or_default())
    });
    let file = dir.path().join(file_of("ai"));
    fs::write(&file, "one END").unwrap();
    let timing = Timing { postponed: Duration::from_millis(1), look: NEVER, ..Timing::PLATFORM };
    let watcher = Watcher::start_with(timing, dir.path(), try_file, tell).unwrap();
    let next = || events.recv_timeout(HANG).unwrap();
    assert!(matches!(next(), FileEvent::Accepted { .. }));
    can.store(false, std::sync::atomic::Ordering::Relaxed);
    File::options().append(true).open(&file).unwrap().set_modified(SystemTime::now()).unwrap();
    assert!(matches!(next(), FileEvent::Postponed { .. }));
    can.store(true, std::sync::atomic::Ordering::Relaxed);
    assert_eq!(next(), FileEvent::Touched { plugin: "ai".to_owned() });
    drop(watcher);
}

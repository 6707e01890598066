//! Links: to the folder, in it, chains of them, and their targets.

use std::os::unix::fs::symlink;

use super::*;

/// Switches a link as `ln -sfn` does: in one step.
fn switch(rig: &Rig, target: impl AsRef<Path>, link: &Path) {
    let new = rig.outside("new-link");
    symlink(target, &new).unwrap();
    fs::rename(new, link).unwrap();
}

/// A rig with a folder `target` beside the plugins, and `ai` linked to a file in it by a relative path.
fn linked() -> Rig {
    // A file that is looked at while it is written is tried until it is complete.
    let rig = Rig::with(Timing { retries: [NEVER; 4], ..Timing::PLATFORM });
    fs::create_dir(rig.outside("target")).unwrap();
    fs::write(built(&rig), "one END").unwrap();
    symlink(Path::new("../target").join(file_of("built")), rig.file("ai")).unwrap();
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig
}

/// The next event, except reports of targets that are missing for a moment: how long that takes depends on the machine.
fn next(rig: &Rig) -> FileEvent {
    loop {
        match rig.next() {
            FileEvent::OutOfReach { .. } => {}
            event => return event,
        }
    }
}

fn built(rig: &Rig) -> PathBuf {
    rig.outside("target").join(file_of("built"))
}

#[test]
fn a_target_that_is_built_again_is_seen_however_it_is_written() {
    let mut rig = linked();
    replace(rig.dir.path(), &built(&rig), "renamed END");
    assert_eq!(next(&rig), rig.accepted("ai", "renamed END"));
    fs::write(built(&rig), "written END").unwrap();
    assert_eq!(next(&rig), rig.accepted("ai", "written END"));
    fs::remove_file(built(&rig)).unwrap();
    fs::write(built(&rig), "made again END").unwrap();
    assert_eq!(next(&rig), rig.accepted("ai", "made again END"));
    let made = rig.outside("made");
    fs::write(&made, "linked END").unwrap();
    fs::remove_file(built(&rig)).unwrap();
    fs::hard_link(made, built(&rig)).unwrap();
    assert_eq!(next(&rig), rig.accepted("ai", "linked END"));
    rig.nothing_more();
}

#[test]
fn a_link_that_is_switched_and_each_link_of_a_chain_is_seen() {
    let mut rig = linked();
    let (other, chain) = (rig.outside("other"), rig.outside("chain"));
    fs::write(&other, "other END").unwrap();
    switch(&rig, &other, &rig.file("ai"));
    assert_eq!(rig.next(), rig.accepted("ai", "other END"));
    symlink(built(&rig), &chain).unwrap();
    switch(&rig, &chain, &rig.file("ai"));
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    switch(&rig, &other, &chain);
    assert_eq!(rig.next(), rig.accepted("ai", "other END"));
    replace(rig.dir.path(), &other, "other, built again END");
    assert_eq!(rig.next(), rig.accepted("ai", "other, built again END"));
    rig.nothing_more();
}

#[test]
fn a_link_whose_target_is_missing_removes_nothing_and_is_told() {
    let mut rig = linked();
    fs::remove_file(built(&rig)).unwrap();
    let told = rig.next();
    let FileEvent::OutOfReach { plugin, reason, .. } = &told else { panic!("{told:?}") };
    assert!(plugin == "ai" && reason.contains("../target"), "{told:?}");
    rig.nothing_more();
    replace(rig.dir.path(), &built(&rig), "two END");
    assert_eq!(rig.next(), rig.accepted("ai", "two END"));
    // A person removes the link itself.
    fs::remove_file(rig.file("ai")).unwrap();
    assert_eq!(rig.next(), rig.removed("ai"));
    rig.nothing_more();
}

/// Creates something under a name.
type Make<'a> = Box<dyn Fn(&Path) + 'a>;

/// Things that are not files, and their names in the message.
fn no_files(elsewhere: &Path) -> [(&'static str, Make<'_>); 5] {
    let mkfifo = |path: &Path| assert!(std::process::Command::new("mkfifo").arg(path).status().unwrap().success());
    [
        ("a folder", Box::new(|path| fs::create_dir(path).unwrap())),
        ("which is a folder", Box::new(move |path| symlink(elsewhere, path).unwrap())),
        ("a pipe", Box::new(mkfifo)),
        ("a socket", Box::new(|path| drop(std::os::unix::net::UnixListener::bind(path).unwrap()))),
        ("which is a device", Box::new(|path| symlink("/dev/null", path).unwrap())),
    ]
}

#[test]
fn a_plugins_name_that_leads_to_no_file_is_told_once_at_the_start_and_later() {
    let dir = tempfile::tempdir().unwrap();
    let (folder, elsewhere) = (dir.path().join("plugins"), tempfile::tempdir().unwrap());
    fs::create_dir(&folder).unwrap();
    let kinds = no_files(elsewhere.path());
    for (number, (_, make)) in kinds.iter().enumerate() {
        make(&folder.join(file_of(&format!("first{number}"))));
    }
    let mut rig = Rig::start(Timing::PLATFORM, dir);
    let is_told = |rig: &Rig, plugin: &str, kind: &str| {
        let told = rig.next();
        let FileEvent::OutOfReach { plugin: name, reason, .. } = &told else { panic!("{kind}: {told:?}") };
        assert!(name == plugin && reason.contains(kind) && reason.ends_with("no library file"), "{kind}: {told:?}");
    };
    for (number, (kind, _)) in kinds.iter().enumerate() {
        is_told(&rig, &format!("first{number}"), kind);
    }
    rig.nothing_more();
    for (number, (kind, make)) in kinds.iter().enumerate() {
        let plugin = format!("later{number}");
        make(&rig.file(&plugin));
        is_told(&rig, &plugin, kind);
    }
    rig.nothing_more();
}

#[test]
fn a_plugin_whose_name_comes_to_lead_to_no_file_stays_and_is_told() {
    let mut rig = Rig::with(Timing { retries: [NEVER; 4], gone: NEVER, ..Timing::PLATFORM });
    let elsewhere = tempfile::tempdir().unwrap();
    for (number, (kind, make)) in no_files(elsewhere.path()).iter().enumerate() {
        let text = format!("{number} END");
        rig.replace("ai", &text);
        assert_eq!(rig.next(), rig.accepted("ai", &text));
        fs::remove_file(rig.file("ai")).unwrap();
        make(&rig.file("ai"));
        let told = rig.next();
        assert!(matches!(&told, FileEvent::OutOfReach { reason, .. } if reason.contains(kind)), "{told:?}");
        let _ = fs::remove_file(rig.file("ai")).or_else(|_| fs::remove_dir(rig.file("ai")));
    }
    rig.nothing_more();
}

#[test]
fn a_link_that_leads_nowhere_at_the_start_is_told_and_loaded_when_it_leads_somewhere() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    symlink(dir.path().join("later"), folder.join(file_of("ai"))).unwrap();
    symlink(file_of("circle"), folder.join(file_of("circle"))).unwrap();
    let mut rig = Rig::start(Timing::PLATFORM, dir);
    for plugin in ["ai", "circle"] {
        let told = rig.next();
        assert!(matches!(&told, FileEvent::OutOfReach { plugin: told, .. } if told == plugin), "{told:?}");
    }
    replace(rig.dir.path(), &rig.outside("later"), "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.nothing_more();
}

#[test]
fn a_folder_behind_a_link_that_is_switched_is_another_one() {
    let dir = tempfile::tempdir().unwrap();
    let [blue, green] = ["blue", "green"].map(|name| dir.path().join(name));
    for (folder, text) in [(&blue, "blue END"), (&green, "green END")] {
        fs::create_dir(folder).unwrap();
        fs::write(folder.join(file_of("ai")), text).unwrap();
        fs::write(folder.join(file_of("same")), "same END").unwrap();
    }
    symlink("blue", dir.path().join("plugins")).unwrap();
    let mut rig = Rig::start(Timing::PLATFORM, dir);
    assert_eq!(rig.of_files(2), [rig.accepted("ai", "blue END"), rig.accepted("same", "same END")]);
    let link = rig.watcher.folder().to_path_buf();
    switch(&rig, "green", &link);
    assert_eq!(rig.next(), rig.back(true));
    // Another file with the same content is not a new build, but may be a request to retry.
    assert_eq!(rig.of_files(2), [rig.accepted("ai", "green END"), rig.touched("same")]);
    rig.replace("ai", "green again END");
    assert_eq!(rig.next(), rig.accepted("ai", "green again END"));
    replace(rig.dir.path(), &blue.join(file_of("ai")), "elsewhere END");
    rig.nothing_more();
    switch(&rig, "nowhere", &link);
    assert!(rig.lost());
    switch(&rig, "green", &link);
    assert_eq!(rig.next(), rig.back(false));
    rig.nothing_more();
}

//! The folder's path: the folder counts to which it leads now.

use super::*;

/// A rig in which `ai` and `physics` were accepted.
fn rig() -> Rig {
    let rig = Rig::new();
    for plugin in ["ai", "physics"] {
        rig.replace(plugin, "one END");
        assert_eq!(rig.next(), rig.accepted(plugin, "one END"));
    }
    rig
}

#[test]
fn a_folder_that_is_renamed_away_and_back_changes_nothing() {
    let mut rig = rig();
    let (folder, away) = (rig.watcher.folder().to_path_buf(), rig.outside("away"));
    for _ in 0..2 {
        fs::rename(&folder, &away).unwrap();
        assert!(rig.lost());
        fs::rename(&away, &folder).unwrap();
        assert_eq!(rig.next(), rig.back(false));
    }
    rig.nothing_more();
}

#[test]
fn a_folder_that_is_away_for_long_lacks_nothing() {
    let rig = Rig::with(Timing {
        gone: Duration::ZERO,
        renewed: Duration::ZERO,
        look: Duration::from_millis(1),
        ..Timing::PLATFORM
    });
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    let (folder, away) = (rig.watcher.folder().to_path_buf(), rig.outside("away"));
    fs::rename(&folder, &away).unwrap();
    assert!(rig.lost());
    // Every removal would be reported at once, and hundreds of looks follow: the wait makes the test stricter, not correct.
    assert_eq!(rig.events.recv_timeout(Duration::from_millis(300)), Err(crossbeam_channel::RecvTimeoutError::Timeout));
    fs::rename(&away, &folder).unwrap();
    assert_eq!(rig.next(), rig.back(false));
}

#[test]
fn what_changed_while_the_folder_was_away_is_done_when_it_is_back() {
    let mut rig = rig();
    rig.replace("render", "one END");
    assert_eq!(rig.next(), rig.accepted("render", "one END"));
    let (folder, away) = (rig.watcher.folder().to_path_buf(), rig.outside("away"));
    fs::rename(&folder, &away).unwrap();
    assert!(rig.lost());
    fs::remove_file(away.join(file_of("ai"))).unwrap();
    fs::write(away.join(file_of("director")), "new END").unwrap();
    replace(rig.dir.path(), &away.join(file_of("physics")), "two END");
    fs::rename(&away, &folder).unwrap();
    assert_eq!(rig.next(), rig.back(false));
    let wanted = [rig.accepted("director", "new END"), rig.accepted("physics", "two END"), rig.removed("ai")];
    assert_eq!(rig.of_files(3), wanted);
    rig.nothing_more();
}

#[test]
fn a_folder_that_takes_the_place_of_the_former_one_is_watched_and_the_former_is_not() {
    let dir = tempfile::tempdir().unwrap();
    let [x, y, next] = ["x", "y", "next"].map(|name| dir.path().join(name));
    for parent in [&x, &next] {
        fs::create_dir_all(parent.join("plugins")).unwrap();
    }
    let mut rig = Rig::at(Timing::PLATFORM, dir, &x.join("plugins"));
    for plugin in ["ai", "physics"] {
        rig.replace(plugin, "one END");
        assert_eq!(rig.next(), rig.accepted(plugin, "one END"));
    }
    // The parent is replaced, with or without a look in between.
    fs::write(next.join("plugins").join(file_of("physics")), "two END").unwrap();
    fs::rename(&x, &y).unwrap();
    fs::rename(&next, &x).unwrap();
    assert_eq!(rig.of_files(2), [rig.accepted("physics", "two END"), rig.removed("ai")]);
    rig.replace("physics", "three END");
    assert_eq!(rig.next(), rig.accepted("physics", "three END"));
    replace(rig.dir.path(), &y.join("plugins").join(file_of("physics")), "elsewhere END");
    rig.nothing_more();
}

#[test]
fn a_folder_that_is_deleted_and_made_again_is_watched_and_lacks_nothing_at_once() {
    let rig = Rig::with(Timing { gone: NEVER, renewed: NEVER, ..Timing::PLATFORM });
    let folder = rig.watcher.folder().to_path_buf();
    for text in ["one END", "two END", "three END"] {
        rig.replace("ai", text);
        assert_eq!(rig.of_files(1), [rig.accepted("ai", text)]);
        fs::remove_dir_all(&folder).unwrap();
        fs::create_dir(&folder).unwrap();
    }
}

#[test]
fn a_file_that_is_put_back_before_the_removal_is_believed_was_never_gone() {
    let mut rig = Rig::with(Timing { gone: NEVER, ..Timing::PLATFORM });
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    fs::rename(rig.file("ai"), rig.outside("kept")).unwrap();
    rig.nothing_more();
    fs::rename(rig.outside("kept"), rig.file("ai")).unwrap();
    assert_eq!(rig.next(), rig.touched("ai"));
    rig.nothing_more();
}

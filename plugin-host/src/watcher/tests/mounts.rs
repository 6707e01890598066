//! Tests that need namespaces: mounts over the folder, and a system that watches nothing. Each test reruns inside.

use std::process::Command;

use super::*;
use crate::inside::is_inside;

fn run(program: &str, arguments: &[&Path]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
}

/// Unmounts, although the watcher may read the folder at this moment: a plain unmount fails while a folder is open.
fn unmount(place: &Path) {
    run("umount", &[Path::new("--lazy"), place]);
}

#[test]
fn a_mount_over_the_folder_is_another_folder_and_an_empty_mount_point_is_none() {
    if !is_inside(
        "watcher::tests::mounts::a_mount_over_the_folder_is_another_folder_and_an_empty_mount_point_is_none",
        &["-m"],
        "mount --make-rprivate /",
    ) {
        return;
    }
    let rig = Rig::with(Timing { retries: [NEVER; 4], ..Timing::PLATFORM });
    let (folder, stick) = (rig.watcher.folder().to_path_buf(), rig.outside("stick"));
    fs::create_dir(&stick).unwrap();
    fs::write(stick.join(file_of("ai")), "stick END").unwrap();
    let bind = |from: &Path| run("mount", &[Path::new("--bind"), from, &folder]);
    bind(&stick);
    assert_eq!(rig.next(), rig.back(true));
    assert_eq!(rig.next(), rig.accepted("ai", "stick END"));
    fs::write(stick.join(file_of("ai")), "stick again END").unwrap();
    assert_eq!(rig.next(), rig.accepted("ai", "stick again END"));
    unmount(&folder);
    assert!(rig.lost());
    bind(&stick);
    assert_eq!(rig.next(), rig.back(false));
    rig.replace_in_place("ai", "once more END");
    assert_eq!(rig.next(), rig.accepted("ai", "once more END"));
    // The mount point contains a folder of plugins again.
    unmount(&folder);
    assert!(rig.lost());
    rig.replace("physics", "one END");
    assert_eq!(rig.next(), rig.back(true));
    assert_eq!(rig.of_files(2), [rig.accepted("physics", "one END"), rig.removed("ai")]);
}

#[test]
fn an_unmount_above_the_folder_removes_nothing_whatever_was_mounted() {
    if !is_inside(
        "watcher::tests::mounts::an_unmount_above_the_folder_removes_nothing_whatever_was_mounted",
        &["-m"],
        "mount --make-rprivate /",
    ) {
        return;
    }
    let hasty = Timing {
        retries: [NEVER; 4],
        gone: Duration::ZERO,
        renewed: Duration::ZERO,
        look: Duration::from_millis(1),
        ..Timing::PLATFORM
    };
    // A separate disk, or a part of the same file system.
    for disk_options in [Some("tmpfs"), None] {
        let dir = tempfile::tempdir().unwrap();
        let [base, disk] = ["base", "disk"].map(|name| dir.path().join(name));
        fs::create_dir_all(&base).unwrap();
        fs::create_dir_all(disk.join("plugins")).unwrap();
        if let Some(kind) = disk_options {
            run("mount", &[Path::new("-t"), kind.as_ref(), "none".as_ref(), &base]);
        }
        fs::create_dir(base.join("plugins")).unwrap();
        for plugin in ["ai", "physics"] {
            fs::write(base.join("plugins").join(file_of(plugin)), "one END").unwrap();
        }
        let mount = || run("mount", &[Path::new("--bind"), &base, &disk]);
        mount();
        let rig = Rig::at(hasty, dir, &disk.join("plugins"));
        assert_eq!(rig.of_files(2), [rig.accepted("ai", "one END"), rig.accepted("physics", "one END")]);
        unmount(&disk);
        assert!(rig.lost());
        // Every removal would be reported at once, and many looks follow: the wait makes the test stricter, not correct.
        let nothing = Err(crossbeam_channel::RecvTimeoutError::Timeout);
        assert_eq!(rig.events.recv_timeout(Duration::from_millis(300)), nothing);
        mount();
        assert_eq!(rig.next(), rig.back(false));
        // An empty disk mounted over it is about to be filled.
        run("mount", &[Path::new("-t"), "tmpfs".as_ref(), "none".as_ref(), rig.watcher.folder()]);
        assert!(rig.lost());
        unmount(rig.watcher.folder());
        assert_eq!(rig.next(), rig.back(false));
        rig.replace_in_place("ai", "two END");
        assert_eq!(rig.next(), rig.accepted("ai", "two END"));
        unmount(&disk);
        assert!(rig.lost());
        if disk_options.is_some() {
            // Otherwise the folder can't be removed.
            unmount(&base);
        }
    }
}

#[test]
fn a_folder_that_the_system_does_not_watch_is_looked_at_and_told() {
    const LIMIT: &str = "echo 0 > /proc/sys/user/max_inotify_instances";
    if !is_inside(
        "watcher::tests::mounts::a_folder_that_the_system_does_not_watch_is_looked_at_and_told",
        &["-Ur"],
        LIMIT,
    ) {
        return;
    }
    let mut rig = Rig::with(Timing { retries: [NEVER; 4], ..Timing::PLATFORM });
    let told = rig.next();
    assert!(matches!(told, FileEvent::NotWatched { .. }), "{told:?}");
    for text in ["one END", "two END"] {
        rig.replace("ai", text);
        assert_eq!(rig.next(), rig.accepted("ai", text));
    }
    fs::write(rig.file("ai"), "written END").unwrap();
    assert_eq!(rig.next(), rig.accepted("ai", "written END"));
    rig.nothing_more();
    fs::remove_file(rig.file("ai")).unwrap();
    assert_eq!(rig.next(), rig.removed("ai"));
}

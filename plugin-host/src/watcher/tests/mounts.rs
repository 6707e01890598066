//! What only namespaces can show: mounts over the folder, and a system that watches nothing. Each test runs again inside.

use std::process::Command;

use super::*;
use crate::inside::is_inside;

fn run(program: &str, arguments: &[&Path]) {
    let status = Command::new(program).args(arguments).status().unwrap();
    assert!(status.success(), "{program} {arguments:?}");
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
    run("umount", &[&folder]);
    assert!(rig.lost());
    bind(&stick);
    assert_eq!(rig.next(), rig.back(false));
    rig.replace_in_place("ai", "once more END");
    assert_eq!(rig.next(), rig.accepted("ai", "once more END"));
    // What stands in the mount point is a folder of plugins again.
    run("umount", &[&folder]);
    assert!(rig.lost());
    rig.replace("physics", "one END");
    assert_eq!(rig.next(), rig.back(true));
    assert_eq!(rig.of_files(2), [rig.accepted("physics", "one END"), rig.removed("ai")]);
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

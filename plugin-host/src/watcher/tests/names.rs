//! Names that are equal but for `-` and `_`, and names that are no plugin's.

use super::*;

#[test]
fn hyphens_and_underscores_are_alike_in_file_names() {
    let mut rig = Rig::new();
    rig.replace("my-hyph", "one END");
    let told = rig.next();
    assert!(matches!(&told, FileEvent::Accepted { plugin, .. } if plugin == "my_hyph"), "{told:?}");
    fs::remove_file(rig.watcher.folder().join(file_of("my-hyph"))).unwrap();
    let told = rig.next();
    assert!(matches!(&told, FileEvent::Removed { plugin, .. } if plugin == "my_hyph"), "{told:?}");
    rig.nothing_more();
}

#[test]
fn of_two_files_whose_names_are_alike_the_one_with_underscores_counts_and_the_other_is_told_once() {
    let mut rig = Rig::new();
    let [hyphen, underscore] = ["my-hyph", "my_hyph"].map(|name| rig.watcher.folder().join(file_of(name)));
    let accepted = |path: &Path, text: &str| FileEvent::Accepted {
        plugin: "my_hyph".to_owned(),
        path: path.to_path_buf(),
        content: ContentHash::of(text.as_bytes()),
    };
    rig.replace("my-hyph", "hyphen END");
    assert_eq!(rig.next(), accepted(&hyphen, "hyphen END"));
    rig.replace("my_hyph", "underscore END");
    let double = FileEvent::Double { plugin: "my_hyph".to_owned(), path: hyphen.clone(), counts: underscore.clone() };
    assert_eq!(rig.next(), double);
    assert_eq!(rig.next(), accepted(&underscore, "underscore END"));
    rig.nothing_more();
    // After the used file is gone, the other one is the plugin's file: no plugin was removed.
    fs::remove_file(&underscore).unwrap();
    assert_eq!(rig.next(), accepted(&hyphen, "hyphen END"));
    rig.nothing_more();
}

#[test]
fn what_a_person_put_there_and_nobody_loads_is_told_once() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    let first = file_of("first one");
    fs::write(folder.join(&first), "END").unwrap();
    fs::write(folder.join("libx.d"), "END").unwrap();
    let mut rig = Rig::start(Timing::PLATFORM, dir);
    let is_told = |event: FileEvent, name: &str| {
        assert!(matches!(&event, FileEvent::Ignored { path, .. } if path.file_name().unwrap() == name), "{event:?}");
    };
    is_told(rig.next(), &first);
    rig.nothing_more();
    let second = file_of("second one");
    fs::write(rig.watcher.folder().join(&second), "END").unwrap();
    is_told(rig.next(), &second);
    fs::write(rig.watcher.folder().join(&second), "again END").unwrap();
    rig.nothing_more();
    assert!(rig.tried.try_iter().all(|(plugin, _)| plugin == "zz_fence"));
}

//! Tests of copies, their names and their removal, and of the sweep of what a killed host left.

use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Barrier;

use super::private::{CopyBytes, copy_private};
use super::*;

fn copy_in(store: &ImageStore, file: &Path, copy_bytes: CopyBytes<'_>) -> Result<PrivateCopy, CopyError> {
    copy_private(file, store.folder().join("test-copy"), copy_bytes)
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<_> =
        fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names
}

#[test]
fn a_copy_has_its_own_name_the_same_bytes_and_ends_with_its_guard() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let mut store = ImageStore::new_in(base.path()).unwrap();
    let first = store.copy(&file, "ai", 1).unwrap();
    let second = store.copy(&file, "ai", 1).unwrap();
    assert_ne!(first.path(), second.path());
    assert_eq!(first.path().extension().unwrap(), "so");
    assert_eq!(fs::read(first.path()).unwrap(), b"one");
    assert_eq!(first.content(), ContentHash::of(b"one"));
    assert_eq!(first.content(), second.content());
    let path = first.path().to_path_buf();
    drop(first);
    assert!(!path.exists() && second.path().exists() && file.exists());
    let folder = store.folder().to_path_buf();
    drop(store);
    assert!(!folder.exists());
    drop(second);
    assert_eq!(names(base.path()), ["libai.so"]);
}

#[test]
fn a_plugin_name_can_not_leave_the_folder() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let mut store = ImageStore::new_in(base.path()).unwrap();
    let copy = store.copy(&file, "../../etc/ai", 1).unwrap();
    assert_eq!(copy.path().parent(), Some(store.folder()));
}

#[test]
fn a_source_that_changes_meanwhile_is_incomplete_and_leaves_nothing() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    let store = ImageStore::new_in(base.path()).unwrap();
    let changes: [(&str, CopyBytes<'_>); 3] = [
        ("grown before the read", &|from, to| {
            fs::write(from, b"three")?;
            fs::copy(from, to)
        }),
        ("grown after the read", &|from, to| {
            let n = fs::copy(from, to)?;
            fs::write(from, b"three")?;
            Ok(n)
        }),
        ("replaced", &|from, to| {
            let n = fs::copy(from, to)?;
            fs::write(from.with_extension("new"), b"one")?;
            fs::rename(from.with_extension("new"), from)?;
            Ok(n)
        }),
    ];
    for (what, copy_bytes) in changes {
        fs::write(&file, b"one").unwrap();
        let error = copy_in(&store, &file, copy_bytes).unwrap_err();
        assert!(matches!(error, CopyError::Changing { .. }) && error.is_incomplete(), "{what}: {error}");
        assert_eq!(names(store.folder()), [".lock"], "{what}");
    }
}

#[test]
fn what_can_not_be_copied_says_why() {
    let base = tempfile::tempdir().unwrap();
    let mut store = ImageStore::new_in(base.path()).unwrap();
    let file = base.path().join("libai.so");
    let missing = store.copy(&file, "ai", 1).unwrap_err();
    assert!(matches!(missing, CopyError::Io { .. }) && missing.is_incomplete());
    assert!(missing.to_string().contains("libai.so"));
    fs::write(&file, b"").unwrap();
    let empty = store.copy(&file, "ai", 1).unwrap_err();
    assert!(matches!(empty, CopyError::Empty { .. }) && empty.is_incomplete());
    fs::remove_file(&file).unwrap();
    fs::create_dir(&file).unwrap();
    let folder = store.copy(&file, "ai", 1).unwrap_err();
    assert!(matches!(folder, CopyError::NotAFile { .. }) && !folder.is_incomplete());
    assert_eq!(names(store.folder()), [".lock"]);
}

#[test]
fn a_folder_that_was_cleared_away_is_made_again_and_its_copies_do_no_harm() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let mut store = ImageStore::new_in(base.path()).unwrap();
    type Clear = fn(&Path);
    let clear: [(&str, Clear); 4] = [
        ("all of it", |folder| fs::remove_dir_all(folder).unwrap()),
        ("its lock, as old", |folder| fs::remove_file(folder.join(".lock")).unwrap()),
        ("renamed", |folder| fs::rename(folder, folder.with_extension("trash")).unwrap()),
        ("another lock", |folder| {
            fs::rename(folder.join(".lock"), folder.join("old-lock")).unwrap();
            fs::write(folder.join(".lock"), "").unwrap();
        }),
    ];
    for (what, clear) in clear {
        let before = store.copy(&file, "ai", 1).unwrap();
        let folder = store.folder().to_path_buf();
        clear(&folder);
        let after = store.copy(&file, "ai", 2).unwrap();
        assert_ne!(store.folder(), folder, "{what}");
        assert_eq!(fs::read(after.path()).unwrap(), b"one", "{what}");
        assert!(store.folder().join(".lock").exists() && !folder.exists(), "{what}");
        drop(before);
        // It belongs to a live store: no other store sweeps it.
        drop(ImageStore::new_in(base.path()).unwrap());
        assert!(after.path().exists(), "{what}");
    }
}

#[test]
fn a_base_that_is_gone_is_named_and_once_it_is_back_files_are_copied() {
    let home = tempfile::tempdir().unwrap();
    let (base, file) = (home.path().join("scratch"), home.path().join("libai.so"));
    fs::create_dir(&base).unwrap();
    fs::write(&file, b"one").unwrap();
    let mut store = ImageStore::new_in(&base).unwrap();
    fs::remove_dir_all(&base).unwrap();
    let mut say = || {
        let error = store.copy(&file, "ai", 1).unwrap_err();
        assert!(error.is_of_the_host() && !error.is_incomplete(), "{error:?}");
        format!("{error}: {}", std::error::Error::source(&error).unwrap())
    };
    let first = say();
    assert!(first.contains("scratch") && first.contains("TMPDIR"), "{first}");
    assert_eq!(say(), first, "said once, it is no news");
    fs::create_dir(&base).unwrap();
    assert_eq!(fs::read(store.copy(&file, "ai", 1).unwrap().path()).unwrap(), b"one");
}

#[test]
fn what_can_not_be_written_is_the_stores_fault_and_leaves_nothing() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let store = ImageStore::new_in(base.path()).unwrap();
    for kind in [io::ErrorKind::StorageFull, io::ErrorKind::ReadOnlyFilesystem, io::ErrorKind::PermissionDenied] {
        let half = |_: &Path, to: &Path| {
            fs::write(to, b"o")?;
            Err(io::Error::from(kind))
        };
        let error = copy_in(&store, &file, &half).unwrap_err();
        assert!(matches!(error, CopyError::Write { .. }) && error.is_of_the_host(), "{error:?}");
        assert!(error.to_string().contains("hotframe-images-"), "{error}");
        assert_eq!(names(store.folder()), [".lock"]);
    }
}

#[cfg(unix)]
#[test]
fn what_the_process_lacks_or_the_disk_does_not_give_is_no_fault_of_the_file() {
    let base = tempfile::tempdir().unwrap();
    let file = base.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let store = ImageStore::new_in(base.path()).unwrap();
    for (code, word) in [(libc::EMFILE, "ulimit -n"), (libc::ENFILE, "fs.file-max"), (libc::ENOMEM, "memory")] {
        let error = copy_in(&store, &file, &|_, _| Err(io::Error::from_raw_os_error(code))).unwrap_err();
        assert!(matches!(error, CopyError::Shortage { .. }) && error.is_of_the_host(), "{error:?}");
        assert!(error.to_string().contains("libai.so") && error.to_string().contains(word), "{error}");
        assert!(!error.is_incomplete(), "{error:?}");
    }
    let unread = CopyError::unread(&file, io::Error::from_raw_os_error(libc::EIO));
    assert!(matches!(unread, CopyError::Io { .. }) && unread.is_of_the_host() && !unread.is_incomplete(), "{unread:?}");
}

#[cfg(target_os = "linux")]
#[test]
fn a_file_that_comes_while_no_descriptor_is_left_is_copied_when_there_are_some() {
    const TEST: &str =
        "image::copy::tests::a_file_that_comes_while_no_descriptor_is_left_is_copied_when_there_are_some";
    if !crate::inside::is_inside(TEST, &[], "ulimit -n 64") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let file = home.path().join("libai.so");
    fs::write(&file, b"one").unwrap();
    let mut store = ImageStore::new_in(home.path()).unwrap();
    let mut hoard: Vec<File> = std::iter::from_fn(|| File::open("/dev/null").ok()).collect();
    // No descriptor; one for the source; one for the source and one for the copy.
    for left in 0..2 {
        let error = store.copy(&file, "ai", 1).unwrap_err();
        assert!(error.is_of_the_host() && error.to_string().contains("ulimit -n"), "{left}: {error:?}");
        drop(hoard.pop());
    }
    // The folder for copies is gone, too: a new one needs a lock file.
    hoard.extend(std::iter::from_fn(|| File::open("/dev/null").ok()));
    let folder = store.folder().to_path_buf();
    fs::remove_file(folder.join(".lock")).unwrap();
    let error = store.copy(&file, "ai", 1).unwrap_err();
    assert!(error.is_of_the_host() && error.to_string().contains("ulimit -n"), "{error:?}");
    drop(hoard);
    assert_eq!(fs::read(store.copy(&file, "ai", 1).unwrap().path()).unwrap(), b"one");
}

#[cfg(target_os = "linux")]
#[test]
fn a_base_that_is_full_or_read_only_is_the_stores_fault_until_there_is_room() {
    const TEST: &str = "image::copy::tests::a_base_that_is_full_or_read_only_is_the_stores_fault_until_there_is_room";
    if !crate::inside::is_inside(TEST, &["-m"], "mount --make-rprivate /") {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let (base, file) = (home.path().join("scratch"), home.path().join("libai.so"));
    fs::create_dir(&base).unwrap();
    fs::write(&file, vec![1; 1 << 20]).unwrap();
    let run = |program: &str, arguments: &[&str]| {
        let status = std::process::Command::new(program).args(arguments).arg(&base).status().unwrap();
        assert!(status.success(), "{program} {arguments:?}");
    };
    let mount = |options: &str| run("mount", &["-t", "tmpfs", "-o", options, "none"]);
    mount("size=64k");
    let mut store = ImageStore::new_in(&base).unwrap();
    let full = store.copy(&file, "ai", 1).unwrap_err();
    assert!(full.is_of_the_host() && full.to_string().contains("scratch"), "{full:?}");
    assert_eq!(names(store.folder()), [".lock"]);
    mount("remount,size=8m");
    drop(store.copy(&file, "ai", 1).unwrap());
    mount("ro");
    let read_only = store.copy(&file, "ai", 1).unwrap_err();
    assert!(read_only.is_of_the_host() && read_only.to_string().contains("scratch"), "{read_only:?}");
    run("umount", &[]);
    drop(store.copy(&file, "ai", 1).unwrap());
    drop(store);
    assert_eq!(names(&base), [""; 0]);
    // Otherwise the folder can't be removed.
    run("umount", &[]);
}

/// A folder as a killed host leaves it: the lock file exists, but nobody holds it.
fn left_over(base: &Path) -> PathBuf {
    let folder = ImageStore::new_in(base).unwrap();
    let path = folder.folder().with_file_name("hotframe-images-killed");
    fs::create_dir(&path).unwrap();
    fs::set_permissions(&path, fs::metadata(folder.folder()).unwrap().permissions()).unwrap();
    fs::write(path.join(".lock"), b"").unwrap();
    fs::write(path.join("ai-g1-0000.so"), b"left").unwrap();
    path
}

#[test]
fn the_next_store_sweeps_what_a_killed_one_left() {
    let base = tempfile::tempdir().unwrap();
    let left = left_over(base.path());
    let store = ImageStore::new_in(base.path()).unwrap();
    assert!(!left.exists());
    assert!(store.folder().exists());
}

#[test]
fn a_living_store_is_not_swept() {
    let base = tempfile::tempdir().unwrap();
    let living = ImageStore::new_in(base.path()).unwrap();
    let other = ImageStore::new_in(base.path()).unwrap();
    assert!(living.folder().join(".lock").exists() && other.folder().exists());
}

#[test]
fn a_young_folder_without_a_lock_and_foreign_names_are_left_alone() {
    let base = tempfile::tempdir().unwrap();
    fs::create_dir(base.path().join("hotframe-images-starting")).unwrap();
    fs::create_dir(base.path().join("somebody-else")).unwrap();
    fs::write(base.path().join("hotframe-images-file"), b"").unwrap();
    drop(ImageStore::new_in(base.path()).unwrap());
    assert_eq!(names(base.path()), ["hotframe-images-file", "hotframe-images-starting", "somebody-else"]);
}

#[cfg(unix)]
#[test]
fn the_folder_is_private_and_links_are_never_followed() {
    use std::os::unix::fs::{PermissionsExt as _, symlink};

    let base = tempfile::tempdir().unwrap();
    let store = ImageStore::new_in(base.path()).unwrap();
    assert_eq!(fs::metadata(store.folder()).unwrap().permissions().mode() & 0o777, 0o700);
    drop(store);

    let precious = tempfile::tempdir().unwrap();
    fs::write(precious.path().join(".lock"), b"").unwrap();
    fs::write(precious.path().join("work"), b"precious").unwrap();
    symlink(precious.path(), base.path().join("hotframe-images-link")).unwrap();
    let left = left_over(base.path());
    symlink(precious.path(), left.join("inside")).unwrap();
    let open_to_all = base.path().join("hotframe-images-open");
    fs::create_dir(&open_to_all).unwrap();
    fs::set_permissions(&open_to_all, fs::Permissions::from_mode(0o777)).unwrap();
    fs::write(open_to_all.join(".lock"), b"").unwrap();

    drop(ImageStore::new_in(base.path()).unwrap());
    assert!(!left.exists() && open_to_all.exists());
    assert_eq!(names(precious.path()), [".lock", "work"]);
    assert!(base.path().join("hotframe-images-link").is_symlink());
}

#[test]
fn stores_that_start_at_once_all_get_a_folder() {
    let base = tempfile::tempdir().unwrap();
    let barrier = Barrier::new(8);
    let stores: Vec<ImageStore> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..8)
            .map(|_| {
                scope.spawn(|| {
                    barrier.wait();
                    ImageStore::new_in(base.path()).unwrap()
                })
            })
            .collect();
        threads.into_iter().map(|thread| thread.join().unwrap()).collect()
    });
    assert!(stores.iter().all(|store| store.folder().join(".lock").exists()));
    drop(stores);
    assert_eq!(names(base.path()), Vec::<String>::new());
}

//! Tests of the watcher on a real folder. Every wait is for an event; no test depends on how long anything takes.

use std::fs::{self, File};
use std::io::Write as _;
use std::time::Duration;

use tempfile::TempDir;

use super::*;
use crate::image::copy::ContentHash;

mod again;
#[cfg(unix)]
mod links;
#[cfg(target_os = "linux")]
mod mounts;
mod names;
mod path;

/// Timeout that makes a test fail instead of hang.
const HANG: Duration = Duration::from_secs(60);

/// For delays of the table that must not end within a test.
const NEVER: Duration = Duration::from_secs(3600);

/// A folder, its watcher, and a host for which a complete file ends with `END`.
struct Rig {
    dir: TempDir,
    watcher: Watcher,
    events: Receiver<FileEvent>,
    /// Files that the host was asked to try: plugin, content.
    tried: Receiver<(String, String)>,
    fences: u32,
}

impl Rig {
    fn new() -> Self {
        Self::start(Timing::PLATFORM, tempfile::tempdir().unwrap())
    }

    fn with(timing: Timing) -> Self {
        Self::start(timing, tempfile::tempdir().unwrap())
    }

    fn start(timing: Timing, dir: TempDir) -> Self {
        let folder = dir.path().join("plugins");
        if !folder.exists() {
            fs::create_dir(&folder).unwrap();
        }
        Self::at(timing, dir, &folder)
    }

    fn at(timing: Timing, dir: TempDir, folder: &Path) -> Self {
        let (tell, events) = unbounded();
        let (tell_tried, tried) = unbounded();
        let try_file = Box::new(move |candidate: &Candidate<'_>| {
            let text = fs::read_to_string(candidate.path).unwrap_or_default();
            tell_tried.send((candidate.plugin.to_owned(), text.clone())).unwrap();
            judge(candidate, &text)
        });
        let watcher = Watcher::start_with(timing, folder, try_file, tell).unwrap();
        Self { dir, watcher, events, tried, fences: 0 }
    }

    fn file(&self, plugin: &str) -> PathBuf {
        self.watcher.folder().join(file_of(plugin))
    }

    /// A path beside the watched folder.
    fn outside(&self, name: &str) -> PathBuf {
        self.dir.path().join(name)
    }

    /// Replaces the file as a linker does: a new inode, renamed to the name.
    fn replace(&self, plugin: &str, text: &str) {
        replace(self.dir.path(), &self.file(plugin), text);
    }

    /// Overwrites the file as `cp` does: the same inode.
    #[cfg(target_os = "linux")]
    fn replace_in_place(&self, plugin: &str, text: &str) {
        fs::write(self.file(plugin), text).unwrap();
    }

    fn next(&self) -> FileEvent {
        self.events.recv_timeout(HANG).unwrap()
    }

    fn accepted(&self, plugin: &str, text: &str) -> FileEvent {
        let content = ContentHash::of(text.as_bytes());
        FileEvent::Accepted { plugin: plugin.to_owned(), path: self.file(plugin), content }
    }

    fn removed(&self, plugin: &str) -> FileEvent {
        FileEvent::Removed { plugin: plugin.to_owned(), path: self.file(plugin) }
    }

    fn touched(&self, plugin: &str) -> FileEvent {
        FileEvent::Touched { plugin: plugin.to_owned() }
    }

    fn refused(&self, plugin: &str, reason: &str) -> FileEvent {
        FileEvent::Refused { plugin: plugin.to_owned(), path: self.file(plugin), reason: reason.to_owned() }
    }

    /// The next `count` events, except those of the folder itself, in any order.
    fn of_files(&self, count: usize) -> Vec<FileEvent> {
        let is_of_folder =
            |event: &FileEvent| matches!(event, FileEvent::FolderLost { .. } | FileEvent::FolderBack { .. });
        let mut events: Vec<FileEvent> =
            std::iter::repeat_with(|| self.next()).filter(|event| !is_of_folder(event)).take(count).collect();
        events.sort_by_key(|event| format!("{event:?}"));
        events
    }

    fn lost(&self) -> bool {
        matches!(self.next(), FileEvent::FolderLost { folder, .. } if folder == self.watcher.folder())
    }

    fn back(&self, is_renewed: bool) -> FileEvent {
        FileEvent::FolderBack { folder: self.watcher.folder().to_path_buf(), is_renewed }
    }

    /// Proves that nothing else was reported: events come in order, and the next one is a later file's.
    fn nothing_more(&mut self) {
        self.fences += 1;
        let text = format!("fence {} END", self.fences);
        self.replace("zz_fence", &text);
        assert_eq!(self.next(), self.accepted("zz_fence", &text));
    }

    /// Waits for a try of exactly this content.
    fn await_try(&self, plugin: &str, text: &str) {
        while self.tried.recv_timeout(HANG).unwrap() != (plugin.to_owned(), text.to_owned()) {}
    }
}

fn replace(aside: &Path, file: &Path, text: &str) {
    let new = aside.join("replacement");
    fs::write(&new, text).unwrap();
    fs::rename(new, file).unwrap();
}

fn judge(candidate: &Candidate<'_>, text: &str) -> Attempt {
    let content = ContentHash::of(text.as_bytes());
    if candidate.knows(content) {
        return Attempt::Unchanged { content };
    }
    if text.contains("PANIC") {
        std::panic::resume_unwind(Box::new(()));
    }
    if text.contains("FULL") {
        return Attempt::Postponed { reason: text.to_owned() };
    }
    if text.contains("BAD") {
        return Attempt::Refused { content: Some(content), reason: "bad".to_owned() };
    }
    if !text.ends_with("END") {
        return Attempt::Incomplete { content: Some(content), reason: "cut".to_owned() };
    }
    Attempt::Done { content }
}

#[test]
fn what_stands_there_at_the_start_is_tried_in_the_order_of_the_names() {
    let dir = tempfile::tempdir().unwrap();
    let folder = dir.path().join("plugins");
    fs::create_dir(&folder).unwrap();
    for plugin in ["render", "ai", "physics"] {
        fs::write(folder.join(file_of(plugin)), format!("{plugin} END")).unwrap();
    }
    fs::write(folder.join("notes.txt"), "END").unwrap();
    fs::create_dir(folder.join("folder")).unwrap();
    let mut rig = Rig::start(Timing::PLATFORM, dir);
    for plugin in ["ai", "physics", "render"] {
        assert_eq!(rig.next(), rig.accepted(plugin, &format!("{plugin} END")));
    }
    rig.nothing_more();
}

#[test]
fn a_rename_over_the_file_is_one_change() {
    let mut rig = Rig::new();
    for text in ["one END", "two END", "three END"] {
        rig.replace("ai", text);
        assert_eq!(rig.next(), rig.accepted("ai", text));
    }
    rig.nothing_more();
}

#[test]
fn a_copy_over_the_file_is_one_change() {
    let mut rig = Rig::with(Timing { retries: [NEVER; 4], ..Timing::PLATFORM });
    for text in ["one END", "a longer two END", "3 END"] {
        let built = rig.outside("built");
        fs::write(&built, text).unwrap();
        fs::copy(&built, rig.file("ai")).unwrap();
        assert_eq!(rig.next(), rig.accepted("ai", text));
    }
    rig.nothing_more();
}

#[test]
fn a_hard_link_as_cargo_makes_it_is_one_change() {
    let mut rig = Rig::with(Timing { gone: NEVER, ..Timing::PLATFORM });
    for (n, text) in ["one END", "two END"].into_iter().enumerate() {
        let built = rig.outside(&format!("built{n}"));
        fs::write(&built, text).unwrap();
        let _ = fs::remove_file(rig.file("ai"));
        fs::hard_link(&built, rig.file("ai")).unwrap();
        assert_eq!(rig.next(), rig.accepted("ai", text));
    }
    rig.nothing_more();
}

#[test]
fn a_file_written_in_pieces_is_accepted_once_when_whole() {
    let mut rig = Rig::with(Timing { retries: [NEVER; 4], ..Timing::PLATFORM });
    let mut text = String::new();
    for piece in ["one ", "two ", "three ", "END"] {
        text.push_str(piece);
        let mut file = File::options().create(true).append(true).open(rig.file("ai")).unwrap();
        file.write_all(piece.as_bytes()).unwrap();
        drop(file);
        rig.await_try("ai", &text);
    }
    assert_eq!(rig.next(), rig.accepted("ai", &text));
    rig.nothing_more();
}

#[test]
fn a_writer_that_never_closes_is_waited_for_until_it_is_quiet() {
    let mut rig = Rig::with(Timing { quiet: Duration::from_millis(20), ..Timing::PLATFORM });
    let mut file = File::create(rig.file("ai")).unwrap();
    file.write_all(b"one END").unwrap();
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    drop(file);
    rig.nothing_more();
}

#[test]
fn an_incomplete_file_is_refused_once_and_accepted_when_whole() {
    let mut rig = Rig::with(Timing { retries: [Duration::from_millis(1); 4], ..Timing::PLATFORM });
    rig.replace("ai", "one");
    assert_eq!(rig.next(), rig.refused("ai", "cut"));
    // A look and an event may both cause the first try.
    assert!(rig.tried.try_iter().filter(|(plugin, _)| plugin == "ai").count() >= 5);
    rig.nothing_more();
    rig.replace("ai", "one");
    assert_eq!(rig.next(), rig.refused("ai", "cut"), "another copy is another request");
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.nothing_more();
}

#[test]
fn the_same_content_again_is_no_new_build() {
    let mut rig = Rig::new();
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.replace("ai", "BAD");
    assert_eq!(rig.next(), rig.refused("ai", "bad"));
    rig.nothing_more();
    // Back to the accepted content: the host knows whether it runs. The bad content is reported again when it returns.
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.touched("ai"));
    rig.replace("ai", "BAD");
    assert_eq!(rig.next(), rig.refused("ai", "bad"));
    rig.nothing_more();
}

#[test]
fn a_removal_is_told_and_the_same_content_is_accepted_when_it_returns() {
    let mut rig = Rig::new();
    for gone in [false, true] {
        rig.replace("ai", "one END");
        assert_eq!(rig.next(), rig.accepted("ai", "one END"));
        if gone {
            fs::rename(rig.file("ai"), rig.outside("away")).unwrap();
        } else {
            fs::remove_file(rig.file("ai")).unwrap();
        }
        assert_eq!(rig.next(), rig.removed("ai"));
    }
    rig.nothing_more();
}

#[test]
fn a_removal_before_the_new_file_is_one_change() {
    let mut rig = Rig::with(Timing { gone: NEVER, ..Timing::PLATFORM });
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    fs::remove_file(rig.file("ai")).unwrap();
    fs::write(rig.file("ai"), "two END").unwrap();
    assert_eq!(rig.next(), rig.accepted("ai", "two END"));
    fs::remove_file(rig.file("ai")).unwrap();
    fs::write(rig.file("ai"), "two END").unwrap();
    assert_eq!(rig.next(), rig.touched("ai"));
    rig.nothing_more();
}

#[test]
fn what_is_no_plugin_is_never_tried() {
    let mut rig = Rig::new();
    for name in [".libai.so", "libai.so.tmp", "libai.so~", "libai.tmp.so", "ai.txt"] {
        fs::write(rig.watcher.folder().join(name), "END").unwrap();
    }
    rig.nothing_more();
    assert!(rig.tried.try_iter().all(|(plugin, _)| plugin == "zz_fence"));
}

#[test]
fn a_try_that_panics_refuses_the_file() {
    let mut rig = Rig::new();
    rig.replace("ai", "PANIC");
    assert!(matches!(rig.next(), FileEvent::Refused { reason, .. } if reason.contains("panicked")));
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    rig.nothing_more();
}

#[test]
fn dropping_the_watcher_ends_its_threads() {
    let rig = Rig::new();
    rig.replace("ai", "one END");
    assert_eq!(rig.next(), rig.accepted("ai", "one END"));
    let Rig { watcher, events, tried, .. } = rig;
    drop(watcher);
    assert_eq!(events.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected), "the thread owned the sender");
    assert!(tried.try_iter().count() >= 1);
    assert_eq!(tried.try_recv(), Err(crossbeam_channel::TryRecvError::Disconnected), "it owned the function");
}

#[test]
fn dropping_the_watcher_does_not_wait_for_a_host_that_does_not_listen() {
    let dir = tempfile::tempdir().unwrap();
    fs::write(dir.path().join(file_of("ai")), "one END").unwrap();
    let (tell, events) = bounded(0);
    let (tell_tried, tried) = unbounded();
    let try_file = Box::new(move |candidate: &Candidate<'_>| {
        tell_tried.send(()).unwrap();
        judge(candidate, "one END")
    });
    let watcher = Watcher::start(dir.path(), try_file, tell).unwrap();
    tried.recv_timeout(HANG).unwrap();
    drop(watcher);
    drop(events);
}

#[test]
fn a_missing_folder_is_an_error_that_names_it() {
    let dir = tempfile::tempdir().unwrap();
    let (tell, _events) = unbounded();
    let try_file = Box::new(|candidate: &Candidate<'_>| judge(candidate, ""));
    let error = Watcher::start(&dir.path().join("nowhere"), try_file, tell).unwrap_err();
    assert!(matches!(&error, WatchError::Folder { .. }) && error.to_string().contains("nowhere"));
}

#[test]
fn a_failed_try_tells_all_causes() {
    let source = io::Error::other("the disk is on fire");
    let error = WatchError::Folder { folder: PathBuf::from("plugins"), source };
    let reason = "cannot watch plugins: it cannot be opened as a folder: the disk is on fire".to_owned();
    assert_eq!(Attempt::failed(None, true, &error), Attempt::Incomplete { content: None, reason: reason.clone() });
    assert_eq!(Attempt::failed(None, false, &error), Attempt::Refused { content: None, reason });
}

//! The file of a recording: created under a temporary name next to the wanted one, and renamed once it contains something worth keeping.
//!
//! # Invariants
//! 1. The file with the wanted name is not touched before [`Output::settle`].
//! 2. Without permission to overwrite nothing is ever replaced, not even a file that was created meanwhile.
//! 3. With permission only the file that existed when the recording began is replaced, and not while another recorder is writing it.
//!
//! # Failure
//! A file that can't get its name keeps the temporary one, and [`Output::path`] returns it. [`Output::whereabouts`] detects that somebody
//! has moved or removed the file.

use std::ffi::OsString;
use std::fs::{self, File, OpenOptions};
use std::io;
use std::path::{Path, PathBuf};

use crate::sys::output;

/// Location of a file, by its name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Whereabouts {
    /// At [`Output::path`].
    Here,
    /// Somebody has moved it, to this path if known.
    Moved(Option<PathBuf>),
    /// It has no name any more: somebody has removed or replaced it.
    Removed,
}

/// See the module.
#[derive(Debug)]
pub(super) struct Output {
    /// As given by the caller.
    wanted: PathBuf,
    /// With links resolved.
    target: PathBuf,
    /// Path of the file until it is settled; `None` for one that is no regular file, and afterwards.
    temporary: Option<PathBuf>,
    /// The file that may be replaced: the one that existed at the beginning.
    replaced: Option<(u64, u64)>,
    /// A device, a pipe, or a file behind a link that only the system can follow: it can't be created anew.
    is_special: bool,
}

impl Output {
    /// Creates the file for `wanted`, which must not exist unless `overwrite`.
    pub(super) fn create(wanted: &Path, overwrite: bool) -> io::Result<(Self, File)> {
        let target = behind_links(wanted);
        match fs::metadata(wanted) {
            Ok(_) if !overwrite => return Err(io::ErrorKind::AlreadyExists.into()),
            Ok(present) if present.is_dir() => return Err(io::ErrorKind::IsADirectory.into()),
            Ok(present) if !present.is_file() || !target.is_file() => {
                let file = output::open_special(wanted)?;
                let wanted = wanted.to_owned();
                return Ok((Self { wanted, target, temporary: None, replaced: None, is_special: true }, file));
            }
            Ok(_) => refuse_written(&target)?,
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(error),
            Err(_) => {}
        }
        let replaced = output::identity_at(&target).filter(|_| overwrite);
        let mut number = 0;
        loop {
            let temporary = beside(&target, number);
            match OpenOptions::new().write(true).create_new(true).open(&temporary) {
                Ok(file) => {
                    output::claim_output(&file);
                    let (wanted, temporary) = (wanted.to_owned(), Some(temporary));
                    return Ok((Self { wanted, target, temporary, replaced, is_special: false }, file));
                }
                // A killed recorder may have left it, and somebody may still want to read it.
                Err(error) if error.kind() == io::ErrorKind::AlreadyExists => number += 1,
                Err(error) => return Err(error),
            }
        }
    }

    /// The present path of the file.
    pub(super) fn path(&self) -> &Path {
        self.temporary.as_deref().unwrap_or(&self.wanted)
    }

    /// Whether it existed before and is written in place.
    pub(super) const fn is_special(&self) -> bool {
        self.is_special
    }

    /// The present location of `file`, which is this one.
    pub(super) fn whereabouts(&self, file: &File) -> Whereabouts {
        if self.is_special || !output::is_elsewhere(file, self.path()) {
            Whereabouts::Here
        } else if output::is_nameless(file) {
            Whereabouts::Removed
        } else {
            Whereabouts::Moved(output::name_of(file))
        }
    }

    /// Whether it has the wanted name.
    pub(super) const fn is_settled(&self) -> bool {
        self.temporary.is_none()
    }

    /// Gives the file its name. Idempotent.
    pub(super) fn settle(&mut self) -> io::Result<()> {
        let Some(temporary) = &self.temporary else { return Ok(()) };
        match output::identity_at(&self.target) {
            present @ Some(_) if present == self.replaced => {
                refuse_written(&self.target)?;
                if let Ok(present) = fs::metadata(&self.target) {
                    let _ = fs::set_permissions(temporary, present.permissions());
                }
                fs::rename(temporary, &self.target)?;
            }
            Some(_) => {
                let why = "another file was created there since the recording began";
                return Err(io::Error::new(io::ErrorKind::AlreadyExists, why));
            }
            None => output::rename_new(temporary, &self.target)?,
        }
        self.temporary = None;
        Ok(())
    }

    /// Gives the file its name if no other file has it; otherwise removes this file. Returns whether it has the name.
    pub(super) fn settle_if_new(&mut self) -> io::Result<bool> {
        let Some(temporary) = &self.temporary else { return Ok(true) };
        match output::rename_new(temporary, &self.target) {
            Ok(()) => self.temporary = None,
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                self.discard();
                return Ok(false);
            }
            Err(error) => return Err(error),
        }
        Ok(true)
    }

    /// Leaves the file where it is; returns its path.
    pub(super) fn leave(&mut self) -> PathBuf {
        self.temporary.take().unwrap_or_else(|| self.wanted.clone())
    }

    /// Removes a file that has not got its name; returns whether it did.
    pub(super) fn discard(&mut self) -> bool {
        self.temporary.take().is_some_and(|temporary| fs::remove_file(temporary).is_ok())
    }
}

/// Refuses a file that another recorder is writing.
fn refuse_written(path: &Path) -> io::Result<()> {
    if output::is_written(path) {
        let why = "another recorder is writing it; end that one, or choose another name";
        return Err(io::Error::new(io::ErrorKind::ResourceBusy, why));
    }
    Ok(())
}

/// The name of a temporary file next to `target`.
fn beside(target: &Path, number: u32) -> PathBuf {
    let mut name = OsString::from(target.file_name().unwrap_or_default());
    name.push(if number == 0 { ".part".to_owned() } else { format!(".part{}", number + 1) });
    target.with_file_name(name)
}

/// The target of links, so that they stay links.
fn behind_links(path: &Path) -> PathBuf {
    /// The number that the system follows.
    const LINKS_MAX: usize = 40;
    let mut path = path.to_owned();
    for _ in 0..LINKS_MAX {
        let Ok(link) = fs::read_link(&path) else { break };
        path = path.parent().unwrap_or(Path::new("")).join(link);
    }
    path
}

#[cfg(test)]
mod tests {
    use std::fs;
    use std::io::{self, Write as _};

    use super::Output;
    #[cfg(unix)]
    use super::Whereabouts;

    #[test]
    fn the_wanted_name_is_touched_last_and_only_with_leave() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("a.mcap");
        let (mut output, mut file) = Output::create(&wanted, false).expect("made");
        file.write_all(b"new").expect("written");
        assert!(!wanted.exists() && output.path() == folder.path().join("a.mcap.part"));
        fs::write(&wanted, "came meanwhile").expect("written");
        assert_eq!(output.settle().expect_err("taken").kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(fs::read(output.path()).expect("kept"), b"new");
        assert_eq!(fs::read(&wanted).expect("kept"), b"came meanwhile");
        Output::create(&wanted, false).expect_err("it is there from the beginning");

        let (mut other, mut file) = Output::create(&wanted, true).expect("made");
        file.write_all(b"newer").expect("written");
        assert_eq!(
            (other.path(), fs::read(&wanted).expect("kept")),
            (&*folder.path().join("a.mcap.part2"), b"came meanwhile".to_vec())
        );
        other.settle().expect("may");
        other.settle().expect("nothing to do");
        assert_eq!((other.path(), fs::read(&wanted).expect("there")), (&*wanted, b"newer".to_vec()));
        assert!(!other.discard() && output.discard());
        assert_eq!(fs::read_dir(folder.path()).expect("a folder").count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn what_another_recorder_is_writing_is_not_replaced() {
        let folder = tempfile::tempdir().expect("a folder");
        let wanted = folder.path().join("a.mcap");
        fs::write(&wanted, "old").expect("written");
        let (mut first, mut file) = Output::create(&wanted, true).expect("made");
        // A recording that began before the first one got the name, and one that begins afterwards.
        let (mut second, _file) = Output::create(&wanted, true).expect("made");
        file.write_all(b"first").expect("written");
        first.settle().expect("may");
        assert_eq!(Output::create(&wanted, true).expect_err("it is being written").kind(), io::ErrorKind::ResourceBusy);
        for _ in 0..2 {
            assert_eq!(second.settle().expect_err("it was not there").kind(), io::ErrorKind::AlreadyExists);
            assert_eq!((fs::read(&wanted).expect("kept"), second.path().exists()), (b"first".to_vec(), true));
            // Nobody writes it any more; that makes no difference for this one.
            file = fs::File::create(folder.path().join("b.mcap")).expect("made");
        }
        let (mut third, _) = Output::create(&wanted, true).expect("made");
        third.settle().expect("that is what it was to replace");
        drop(file);
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_was_moved_removed_or_replaced_is_told() {
        let folder = tempfile::tempdir().expect("a folder");
        let [wanted, other] = ["a.mcap", "b.mcap"].map(|name| folder.path().join(name));
        for is_settled in [true, false] {
            let (mut output, file) = Output::create(&wanted, false).expect("made");
            if is_settled {
                output.settle().expect("may");
            }
            let path = output.path().to_owned();
            assert_eq!(output.whereabouts(&file), Whereabouts::Here);
            fs::rename(&path, &other).expect("moved");
            let place = cfg!(target_os = "linux").then(|| fs::canonicalize(&other).expect("there"));
            assert_eq!(output.whereabouts(&file), Whereabouts::Moved(place.clone()));
            fs::write(&path, "mine").expect("written");
            assert_eq!(output.whereabouts(&file), Whereabouts::Moved(place));
            fs::rename(&other, &path).expect("moved back");
            assert_eq!(output.whereabouts(&file), Whereabouts::Here);
            fs::remove_file(&path).expect("there");
            assert_eq!(output.whereabouts(&file), Whereabouts::Removed);
            fs::write(&path, "mine").expect("written");
            assert_eq!(output.whereabouts(&file), Whereabouts::Removed);
            fs::remove_file(&path).expect("there");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_link_stays_one() {
        let folder = tempfile::tempdir().expect("a folder");
        let (link, real) = (folder.path().join("latest.mcap"), folder.path().join("one.mcap"));
        std::os::unix::fs::symlink("one.mcap", &link).expect("made");
        let (mut output, _) = Output::create(&link, false).expect("it leads to nothing");
        output.settle().expect("made");
        assert!(link.is_symlink() && real.is_file());
        Output::create(&link, false).expect_err("it leads to a file");
        let (mut output, mut file) = Output::create(&link, true).expect("made");
        file.write_all(b"new").expect("written");
        output.settle().expect("replaced");
        assert!(link.is_symlink() && fs::read(&real).expect("there") == b"new");
    }
}

//! Entries of the folder that a person put there and the watcher ignores: each is reported once, with advice.
//!
//! Pure except for the look into subfolders, including links to folders. A name that exists at the start is reported at once. A later one
//! is reported when two consecutive looks have seen it, because a tool may be about to rename it. It is reported again if it was gone in
//! between.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use super::name;
use super::sight::{self, Item};
use crate::image::stamp::Stamp;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Odd {
    seen: BTreeMap<OsString, Known>,
}

/// Maximum depth of a look into a subfolder.
const DEPTH_MAX: usize = 4;
/// Maximum number of folders to look into in one subfolder, itself included. Every later look checks whether they have changed.
const FOLDERS_MAX: usize = 64;

/// State of one name.
#[derive(Debug, Default)]
struct Known {
    /// Whether there is nothing more to report about it.
    is_done: bool,
    /// For a subfolder: the folders that were looked into, and their stamps then.
    looked_into: Vec<(PathBuf, Option<Stamp>)>,
}

impl Odd {
    /// Names to report after a look at `folder` that saw `items`, with the advice for each.
    pub(super) fn look(&mut self, folder: &Path, items: &[Item], is_first: bool) -> Vec<(OsString, String)> {
        let mut news = Vec::new();
        let mut before = std::mem::take(&mut self.seen);
        // A plugin's name that leads to no file is reported elsewhere.
        for item in items.iter().filter(|item| !item.is_folder || !is_plugins(item)) {
            let known = before.remove(&item.name);
            let is_due = is_first || known.is_some();
            let mut known = known.unwrap_or_default();
            if is_due && !known.is_done {
                let advice = if item.is_folder {
                    look_into(&mut known, folder, &folder.join(&item.name))
                } else {
                    known.is_done = true;
                    name::advice(&item.name)
                };
                news.extend(advice.map(|advice| (item.name.clone(), advice)));
            }
            self.seen.insert(item.name.clone(), known);
        }
        news
    }
}

fn is_plugins(item: &Item) -> bool {
    item.name.to_str().and_then(name::plugin_of).is_some()
}

/// Looks into a subfolder if it has changed since the last look.
fn look_into(known: &mut Known, folder: &Path, subfolder: &Path) -> Option<String> {
    let is_as_before = |(folder, before): &(PathBuf, Option<Stamp>)| stamp(folder) == *before;
    if !known.looked_into.is_empty() && known.looked_into.iter().all(is_as_before) {
        return None;
    }
    known.looked_into.clear();
    let library = first_library(folder, subfolder, &mut known.looked_into)?;
    known.is_done = true;
    let (library, folder) = (library.display(), folder.display());
    Some(format!("{library} lies in a subfolder, and only what lies in {folder} itself is loaded; move it there"))
}

fn stamp(folder: &Path) -> Option<Stamp> {
    fs::metadata(folder).ok().map(|metadata| Stamp::of(&metadata))
}

/// Path of the nearest library below `subfolder`, relative to it. Records the folders that were looked into.
fn first_library(folder: &Path, subfolder: &Path, looked_into: &mut Vec<(PathBuf, Option<Stamp>)>) -> Option<PathBuf> {
    // Links may form cycles.
    let mut met = BTreeSet::from([fs::canonicalize(folder).ok()?]);
    let mut next = VecDeque::from([(PathBuf::new(), 1)]);
    while let Some((below, depth)) = next.pop_front() {
        let path = subfolder.join(&below);
        if looked_into.len() == FOLDERS_MAX || !fs::canonicalize(&path).is_ok_and(|path| met.insert(path)) {
            continue;
        }
        looked_into.push((path.clone(), stamp(&path)));
        let Ok(view) = sight::folder(&path) else { continue };
        if let Some(library) = view.items.iter().find(|item| !item.is_folder && is_plugins(item)) {
            return Some(below.join(&library.name));
        }
        let folders = view.items.iter().filter(|item| item.is_folder && depth < DEPTH_MAX);
        next.extend(folders.map(|item| (below.join(&item.name), depth + 1)));
    }
    None
}

#[cfg(test)]
mod tests {
    use super::super::name::file_of;
    use super::*;

    fn item(name: &str) -> Item {
        Item { name: name.into(), is_folder: false }
    }

    fn items_of(folder: &Path) -> Vec<Item> {
        sight::folder(folder).unwrap().items
    }

    fn told(odd: &mut Odd, names: &[&str], is_first: bool) -> Vec<OsString> {
        let items: Vec<Item> = names.iter().map(|name| item(name)).collect();
        odd.look(Path::new("/plugins"), &items, is_first).into_iter().map(|(name, _)| name).collect()
    }

    #[test]
    fn each_is_told_once_while_it_stays() {
        let (mut odd, file, none) = (Odd::default(), file_of("a b"), Vec::<OsString>::new());
        assert_eq!(told(&mut odd, &[&file], true), [&*file], "at the start at once");
        assert_eq!(told(&mut odd, &[&file], false), none);
        assert_eq!(told(&mut odd, &[], false), none);
        assert_eq!(told(&mut odd, &[&file], false), none, "a tool may be about to rename it");
        assert_eq!(told(&mut odd, &[&file], false), [&*file], "it came back and stayed");
        assert_eq!(told(&mut odd, &[&file], false), none);
    }

    #[test]
    fn plugins_and_other_files_are_not_told() {
        let (mut odd, file) = (Odd::default(), file_of("ai"));
        assert_eq!(told(&mut odd, &[&file, "notes.txt", "libai.d"], true), Vec::<OsString>::new());
    }

    #[test]
    fn libraries_in_a_subfolder_are_told_once_for_the_subfolder() {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["old", "empty"] {
            fs::create_dir(folder.path().join(sub)).unwrap();
        }
        for plugin in ["ai", "physics"] {
            fs::write(folder.path().join("old").join(file_of(plugin)), "").unwrap();
        }
        let items = items_of(folder.path());
        let mut odd = Odd::default();
        let told = odd.look(folder.path(), &items, true);
        assert_eq!(told.len(), 1, "{told:?}");
        let (name, advice) = &told[0];
        assert!(name == "old" && advice.starts_with(&file_of("ai")) && advice.ends_with("move it there"), "{advice}");
        assert!(odd.look(folder.path(), &items, false).is_empty());
        fs::write(folder.path().join("empty").join(file_of("ai")), "").unwrap();
        assert_eq!(odd.look(folder.path(), &items, false).len(), 1, "it was filled later");
    }

    #[test]
    fn libraries_deep_in_subfolders_are_told_when_they_come_to_the_fourth_level() {
        let folder = tempfile::tempdir().unwrap();
        for sub in ["a/b/c/d/e", "empty"] {
            fs::create_dir_all(folder.path().join(sub)).unwrap();
        }
        let items = items_of(folder.path());
        let (mut odd, none) = (Odd::default(), Vec::new());
        assert_eq!(odd.look(folder.path(), &items, true), none);
        fs::write(folder.path().join("a/b/c/d/e").join(file_of("ai")), "").unwrap();
        assert_eq!(odd.look(folder.path(), &items, false), none, "too deep");
        fs::write(folder.path().join("a/b/c/d").join(file_of("ai")), "").unwrap();
        let told = odd.look(folder.path(), &items, false);
        let library = Path::new("b/c/d").join(file_of("ai")).display().to_string();
        assert!(told.len() == 1 && told[0].0 == "a" && told[0].1.starts_with(&library), "{told:?}");
        assert_eq!(odd.look(folder.path(), &items, false), none, "once");
    }

    #[cfg(unix)]
    #[test]
    fn libraries_behind_a_link_to_a_folder_are_told_and_links_that_lead_back_are_not() {
        use std::os::unix::fs::symlink;

        let (folder, elsewhere) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        for place in [folder.path(), elsewhere.path()] {
            fs::write(place.join(file_of("ai")), "").unwrap();
        }
        fs::create_dir(folder.path().join("round")).unwrap();
        symlink("..", folder.path().join("round/back")).unwrap();
        symlink(".", folder.path().join("self")).unwrap();
        symlink("round", folder.path().join("round/round")).unwrap();
        let told = Odd::default().look(folder.path(), &items_of(folder.path()), true);
        assert_eq!(told, Vec::new());
        symlink(elsewhere.path(), folder.path().join("more")).unwrap();
        let told = Odd::default().look(folder.path(), &items_of(folder.path()), true);
        assert!(told.len() == 1 && told[0].0 == "more", "{told:?}");
    }

    #[test]
    fn a_folder_with_a_plugins_name_is_not_looked_into() {
        let folder = tempfile::tempdir().unwrap();
        fs::create_dir(folder.path().join(file_of("ai"))).unwrap();
        fs::write(folder.path().join(file_of("ai")).join(file_of("ai")), "").unwrap();
        assert_eq!(Odd::default().look(folder.path(), &items_of(folder.path()), true), Vec::new());
    }
}

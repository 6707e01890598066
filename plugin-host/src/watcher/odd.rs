//! What a person put into the folder and the watcher ignores: each is told once, with what to do.
//!
//! Pure but for the look into subfolders. A name that was there at the start is told at once; one that comes later is told when two
//! looks in a row have seen it, as it may be a tool's that is about to rename it. It is told again after it was gone.

use std::collections::BTreeMap;
use std::ffi::{OsStr, OsString};
use std::fs;
use std::path::Path;

use super::name;
use super::sight::{self, Item};
use crate::image::stamp::Stamp;

/// See the module.
#[derive(Debug, Default)]
pub(super) struct Odd {
    seen: BTreeMap<OsString, Known>,
}

/// What is known of one name.
#[derive(Clone, Copy, Debug, Default)]
struct Known {
    /// There is nothing to tell of it any more.
    is_done: bool,
    /// Of a subfolder, when it was looked into.
    looked_into: Option<Stamp>,
}

impl Odd {
    /// What is to be told after a look at `folder` that saw `items`: names, and what is the matter with each.
    pub(super) fn look(&mut self, folder: &Path, items: &[Item], is_first: bool) -> Vec<(OsString, String)> {
        let mut news = Vec::new();
        let before = std::mem::take(&mut self.seen);
        for item in items {
            let mut known = before.get(&item.name).copied().unwrap_or_default();
            let is_due = is_first || before.contains_key(&item.name);
            if is_due && !known.is_done {
                let advice = if item.is_folder {
                    look_into(&mut known, folder, &item.name)
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

/// Looks into a subfolder that has changed since the last time.
fn look_into(known: &mut Known, folder: &Path, name: &OsStr) -> Option<String> {
    let stamp = fs::metadata(folder.join(name)).ok().map(|metadata| Stamp::of(&metadata));
    if stamp == known.looked_into {
        return None;
    }
    known.looked_into = stamp;
    let advice = of_subfolder(folder, name);
    known.is_done = advice.is_some();
    advice
}

/// The libraries in a subfolder.
fn of_subfolder(folder: &Path, name: &OsStr) -> Option<String> {
    let view = sight::folder(&folder.join(name)).ok()?;
    let is_library = |item: &&Item| item.name.to_str().and_then(name::plugin_of).is_some() && !item.is_folder;
    let first = view.items.iter().find(is_library)?.name.display().to_string();
    let folder = folder.display();
    Some(format!("{first} lies in a subfolder, and only what lies in {folder} itself is loaded; move it there"))
}

#[cfg(test)]
mod tests {
    use super::super::name::file_of;
    use super::*;

    fn item(name: &str) -> Item {
        Item { name: name.into(), is_folder: false }
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
        let items = sight::folder(folder.path()).unwrap().items;
        let mut odd = Odd::default();
        let told = odd.look(folder.path(), &items, true);
        assert_eq!(told.len(), 1, "{told:?}");
        let (name, advice) = &told[0];
        assert!(name == "old" && advice.starts_with(&file_of("ai")) && advice.ends_with("move it there"), "{advice}");
        assert!(odd.look(folder.path(), &items, false).is_empty());
        fs::write(folder.path().join("empty").join(file_of("ai")), "").unwrap();
        assert_eq!(odd.look(folder.path(), &items, false).len(), 1, "it was filled later");
    }
}

//! Whether the files that are open are still those that carry their names.
//!
//! A file that somebody removes, renames or replaces lives on for whoever has it open: SQLite goes on
//! writing, and every commit succeeds, into a file that is gone when the last one closes it. So the
//! writer asks before a transaction and after its COMMIT, before anybody is answered.

use std::fs::Metadata;
use std::io::ErrorKind;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};

use super::beside;
use crate::store::{Result, StoreError};

/// The files of one database as they were when they were opened.
#[derive(Debug, Clone)]
pub(super) struct Place {
    files: Vec<(PathBuf, Identity)>,
}

/// What a file keeps for its life, whatever its name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    device: u64,
    inode: u64,
}

impl Identity {
    fn of(metadata: &Metadata) -> Self {
        Self { device: metadata.dev(), inode: metadata.ino() }
    }
}

impl Place {
    /// The place of a database that connections of ours hold open.
    pub(super) fn of(file: &Path) -> std::io::Result<Self> {
        // SQLite follows links first, and keeps its other files beside what it finds there.
        let real = file.canonicalize()?;
        let files = ["", "-wal", "-shm"].into_iter().map(|suffix| {
            let path = beside(&real, suffix);
            let identity = Identity::of(&std::fs::metadata(&path)?);
            Ok((path, identity))
        });
        Ok(Self { files: files.collect::<std::io::Result<_>>()? })
    }

    /// [`StoreError::Displaced`] if what is written would be lost.
    pub(super) fn check(&self) -> Result<()> {
        self.trouble().map_or(Ok(()), |why| Err(StoreError::Displaced(why)))
    }

    /// What is wrong, as half a sentence; none: every file has its name.
    fn trouble(&self) -> Option<String> {
        self.files.iter().find_map(|(path, identity)| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            match std::fs::metadata(path) {
                Ok(found) if Identity::of(&found) != *identity => Some(format!(
                    "{name} is another file than the one that evs has open: put that one back, or \
                     stop evs and start it on this one"
                )),
                // Through another name it has another log: what is written there overwrites ours.
                Ok(found) if found.nlink() > 1 => Some(format!(
                    "{name} has a second name (a hard link), and a database in use through two \
                     names is soon damaged: remove that name"
                )),
                Ok(_) => None,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    Some(format!("{name} is gone while evs has it open: put it back, or stop evs"))
                }
                Err(error) => Some(format!("{name} cannot be looked at: {}", error.kind())),
            }
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn place(directory: &Path) -> (PathBuf, Place) {
        let file = directory.join("evs.db");
        for suffix in ["", "-wal", "-shm"] {
            std::fs::write(beside(&file, suffix), suffix).unwrap();
        }
        let place = Place::of(&file).unwrap();
        (file, place)
    }

    #[test]
    fn each_of_the_files_is_missed_until_it_is_back() {
        for suffix in ["", "-wal", "-shm"] {
            let directory = tempfile::tempdir().unwrap();
            let (file, place) = place(directory.path());
            let file = beside(&file, suffix);
            assert_eq!(place.trouble(), None);
            let away = directory.path().join("away");
            std::fs::rename(&file, &away).unwrap();
            let name = format!("evs.db{suffix}");
            let trouble = place.trouble().unwrap();
            assert!(trouble.starts_with(&format!("{name} is gone ")), "{trouble}");
            std::fs::copy(&away, &file).unwrap();
            let trouble = place.trouble().unwrap();
            assert!(trouble.starts_with(&format!("{name} is another file ")), "{trouble}");
            std::fs::rename(&away, &file).unwrap();
            assert_eq!(place.trouble(), None);
        }
    }

    #[test]
    fn a_second_name_is_trouble_and_a_symbolic_link_is_none() {
        let directory = tempfile::tempdir().unwrap();
        let (file, _) = place(directory.path());
        let link = directory.path().join("link.db");
        std::os::unix::fs::symlink(&file, &link).unwrap();
        let place = Place::of(&link).unwrap();
        assert_eq!(place.trouble(), None);
        let second = directory.path().join("second.db");
        std::fs::hard_link(&file, &second).unwrap();
        assert!(place.trouble().unwrap().starts_with("evs.db has a second name "));
        std::fs::remove_file(&second).unwrap();
        assert_eq!(place.trouble(), None);
    }
}

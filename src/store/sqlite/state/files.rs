//! The folder of the saved states: what its files are called, and how one gets there whole or not at
//! all.

use std::fs::{self, DirBuilder, File};
use std::io::{self, ErrorKind};
use std::path::{Path, PathBuf};

use tracing::warn;
use uuid::Uuid;

use crate::domain::state::StateName;
use crate::store::StoreError;
use crate::store::state::Unfinished;

/// The folder, beside the data file.
const FOLDER: &str = "states";

/// How the file of a state ends.
const ENDING: &str = "db";

/// How files begin that are not finished; no state's name begins so.
const UNFINISHED: &str = ".unfinished-";

/// The folder of the states of a data file.
#[derive(Debug, Clone)]
pub(super) struct Folder(PathBuf);

impl Folder {
    pub(super) fn beside(database: &Path) -> Self {
        Self(database.with_file_name(FOLDER))
    }

    /// The file of a state.
    pub(super) fn file(&self, name: &StateName) -> PathBuf {
        self.0.join(format!("{name}.{ENDING}"))
    }

    /// The names of all states, in order. Other files are none of ours.
    pub(super) fn names(&self) -> Result<Vec<StateName>, StoreError> {
        let entries = match fs::read_dir(&self.0) {
            Ok(entries) => entries,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(failed(&error)),
        };
        let mut names = Vec::new();
        for entry in entries {
            let path = entry.map_err(|error| failed(&error))?.path();
            let stem = path.file_stem().and_then(|stem| stem.to_str());
            if path.extension().is_some_and(|ending| ending == ENDING)
                && let Some(Ok(name)) = stem.map(StateName::parse)
            {
                names.push(name);
            }
        }
        names.sort();
        Ok(names)
    }

    /// A new file that is removed unless it is kept.
    pub(super) fn unfinished(&self) -> Result<Unfinished, StoreError> {
        self.make().map_err(|error| failed(&error))?;
        let name = format!("{UNFINISHED}{}.{ENDING}", Uuid::new_v4().simple());
        let made = Unfinished(self.0.join(name));
        create(&made.0).map_err(|error| failed(&error))?;
        Ok(made)
    }

    fn make(&self) -> io::Result<()> {
        let mut folder = DirBuilder::new();
        // The group may look, nobody else, as into the data directory.
        #[cfg(unix)]
        std::os::unix::fs::DirBuilderExt::mode(&mut folder, 0o750);
        match folder.create(&self.0) {
            Ok(()) => self.0.parent().map_or(Ok(()), sync),
            Err(error) if error.kind() == ErrorKind::AlreadyExists => Ok(()),
            Err(error) => Err(error),
        }
    }

    /// Gives a finished file its name, over another one of that name: on disk when this returns.
    pub(super) fn keep(&self, made: &Unfinished, name: &StateName) -> Result<(), StoreError> {
        File::open(&made.0)
            .and_then(|file| file.sync_all())
            .and_then(|()| fs::rename(&made.0, self.file(name)))
            .and_then(|()| sync(&self.0))
            .map_err(|error| failed(&error))
    }

    /// Removes the file of a state; says whether there was one.
    pub(super) fn remove(&self, name: &StateName) -> Result<bool, StoreError> {
        let file = self.file(name);
        match fs::remove_file(&file) {
            Ok(()) => {
                // Whoever looked into it with another program may have left these.
                for suffix in ["-wal", "-shm", "-journal"] {
                    drop(fs::remove_file(super::super::beside(&file, suffix)));
                }
                sync(&self.0).map_err(|error| failed(&error))?;
                Ok(true)
            }
            Err(error) if error.kind() == ErrorKind::NotFound => Ok(false),
            Err(error) => Err(failed(&error)),
        }
    }
}

/// Removes what a process that was killed left unfinished.
pub(in crate::store::sqlite) fn tidy(database: &Path) {
    let Folder(folder) = Folder::beside(database);
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        if entry.file_name().as_encoded_bytes().starts_with(UNFINISHED.as_bytes())
            && let Err(error) = fs::remove_file(entry.path())
        {
            warn!(%error, "{} is of no use and cannot be removed", entry.path().display());
        }
    }
}

/// A new file that is no business of users outside the group.
fn create(path: &Path) -> io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o640);
    options.open(path).map(|_| ())
}

fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

fn failed(error: &io::Error) -> StoreError {
    if matches!(error.kind(), ErrorKind::StorageFull | ErrorKind::QuotaExceeded) {
        StoreError::Full
    } else {
        StoreError::Database(format!("a file of a saved state: {error}"))
    }
}

//! Whole states in the store: saved beside the data file, and put in its place.

use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use async_trait::async_trait;
use thiserror::Error;

use super::{Result, Store, StoreError};
use crate::domain::clock::Time;
use crate::domain::state::{
    Detail, Difference, Overwrite, Replacement, SavedState, Side, StateName, StateRefused,
};

/// Why a state is not saved, compared or loaded.
#[derive(Debug, Clone, Error)]
pub enum StateError {
    /// A rule forbids it.
    #[error(transparent)]
    Refused(#[from] StateRefused),
    /// The store refused or failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// What a call about states comes to.
pub type StateResult<T> = std::result::Result<T, StateError>;

/// What may take the place of everything.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// A saved state.
    Saved(StateName),
    /// Nothing at all, as before a first start.
    Empty,
}

/// What will take the place of everything: a store of its own, which can be asked and changed before.
/// Its file is gone when this value is.
pub struct Candidate {
    /// The store.
    pub store: Arc<dyn Store>,
    /// When it was saved, by the machine's clock; none: it is not a saved state.
    pub saved_at: Option<Time>,
    /// What it comes from.
    pub source: Source,
    /// Its file.
    pub file: Unfinished,
}

impl fmt::Debug for Candidate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Candidate").field("source", &self.source).finish_non_exhaustive()
    }
}

/// A file that is of no use once this value is gone, and is removed then, with all that SQLite put
/// beside it.
#[derive(Debug)]
pub struct Unfinished(pub PathBuf);

impl Drop for Unfinished {
    fn drop(&mut self) {
        let Some(folder) = self.0.parent() else { return };
        let Some(name) = self.0.file_name() else { return };
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            let beside = entry.file_name();
            if beside.as_encoded_bytes().starts_with(name.as_encoded_bytes()) {
                // What cannot be removed is looked for again at the next start.
                drop(std::fs::remove_file(entry.path()));
            }
        }
    }
}

/// Keeps every change of the store waiting until it is dropped.
pub struct Replaced {
    /// What has become of it.
    pub replacement: Replacement,
    _writer: Box<dyn Send + Sync>,
}

impl Replaced {
    /// What has become of it, and what lets the changes go on when it is dropped.
    pub fn new(replacement: Replacement, writer: impl Send + Sync + 'static) -> Self {
        Self { replacement, _writer: Box::new(writer) }
    }
}

impl fmt::Debug for Replaced {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Replaced").field(&self.replacement).finish()
    }
}

/// Questions about which past the present state has.
#[async_trait]
pub trait LineageReads {
    /// Which past it is: raised whenever a state is loaded or everything reset, so that numbers of
    /// events mean something within one epoch only.
    async fn epoch(&mut self) -> Result<i64>;
}

/// States as a whole.
#[async_trait]
pub trait States {
    /// Saves the present state, as of one moment, without holding anybody up.
    async fn save_state(
        &self,
        name: &StateName,
        at: Time,
        overwrite: Overwrite,
    ) -> StateResult<SavedState>;

    /// Every saved state, by name.
    async fn saved_states(&self) -> StateResult<Vec<SavedState>>;

    /// Removes a saved state.
    async fn delete_state(&self, name: &StateName) -> StateResult<()>;

    /// How two states differ, each as of one moment.
    async fn compare_states(
        &self,
        from: &Side,
        to: &Side,
        detail: Detail,
    ) -> StateResult<Difference>;

    /// What could take the place of everything: a copy, brought up to date and examined.
    async fn prepare_state(&self, source: Source) -> StateResult<Candidate>;

    /// Puts it there, all or nothing. Every unit of work before this is answered first, every later one
    /// waits until the answer is dropped.
    async fn replace_state(&self, candidate: &Candidate) -> StateResult<Replaced>;
}

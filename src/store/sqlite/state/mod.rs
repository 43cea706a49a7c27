//! Whole states as files: each a data file of its own under `states/`, beside the one in use.
//!
//! A saved state is a copy that SQLite itself makes of one moment. To load one, a copy of it is brought
//! up to date and examined first; then its rows take the place of all rows in one transaction of the
//! file in use, which stays the same file: whoever has it open sees the one state or the other, and so
//! does the next start after a kill at any moment.

mod compare;
mod files;
mod prepare;
mod replace;
mod save;

use async_trait::async_trait;

use super::rows::Row;
use super::unit::AsConnection;
use super::{SqliteStore, errors};
use crate::domain::clock::Time;
use crate::domain::state::{Detail, Difference, Overwrite, SavedState, Side, StateName};
use crate::store::Result;
use crate::store::state::{
    Candidate, LineageReads, Replaced, Source, StateResult, States, Unfinished,
};

pub(super) use files::tidy;

#[async_trait]
impl<T: AsConnection> LineageReads for T {
    async fn epoch(&mut self) -> Result<i64> {
        let found = sqlx::query_scalar("SELECT epoch FROM lineage WHERE id = 1")
            .fetch_optional(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        found.ok_or_else(|| Row { table: "lineage", id: "1" }.corrupt("there is no such row"))
    }
}

#[async_trait]
impl States for SqliteStore {
    async fn save_state(
        &self,
        name: &StateName,
        at: Time,
        overwrite: Overwrite,
    ) -> StateResult<SavedState> {
        let _alone = self.saving.lock().await;
        save::save(self, name, at, overwrite).await
    }

    async fn saved_states(&self) -> StateResult<Vec<SavedState>> {
        save::list(self).await
    }

    async fn delete_state(&self, name: &StateName) -> StateResult<()> {
        let _alone = self.saving.lock().await;
        save::delete(self, name)
    }

    async fn compare_states(
        &self,
        from: &Side,
        to: &Side,
        detail: Detail,
    ) -> StateResult<Difference> {
        compare::compare(self, from, to, detail).await
    }

    async fn prepare_state(&self, source: Source) -> StateResult<Candidate> {
        prepare::prepare(self, source).await
    }

    async fn replace_state(&self, candidate: &Candidate) -> StateResult<Replaced> {
        // Its file is whole and nobody's when it is closed.
        candidate.store.close().await;
        let Unfinished(file) = &candidate.file;
        replace::replace(self, file, &candidate.source).await
    }
}

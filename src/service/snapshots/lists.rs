//! Lists of snapshots, and counts.

use super::super::{App, Result};
use crate::domain::access::{Caller, Role};
use crate::domain::snapshot::{Snapshot, SnapshotFilter, SnapshotQuery};

impl App {
    /// One page of snapshots: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, those of the project that the filter names or of any. An unknown marker is not
    /// found.
    pub async fn snapshots(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: SnapshotQuery,
    ) -> Result<Vec<Snapshot>> {
        query.filter = heard(caller, everywhere, query.filter);
        if let Some(marker) = query.page.marker {
            self.snapshot(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.snapshots(&query).await?)
    }

    /// How many snapshots such a list has on all its pages.
    pub async fn count_snapshots(
        &self,
        caller: &Caller,
        everywhere: bool,
        filter: SnapshotFilter,
    ) -> Result<i64> {
        let filter = heard(caller, everywhere, filter);
        Ok(self.read().await?.count_snapshots(&filter).await?)
    }
}

fn heard(caller: &Caller, everywhere: bool, filter: SnapshotFilter) -> SnapshotFilter {
    if everywhere && caller.role == Role::Admin {
        filter
    } else {
        SnapshotFilter { project: Some(caller.project.clone()), ..filter }
    }
}

//! Lists of disks, counts and sums.

use super::super::{App, Result};
use crate::domain::access::{Caller, Role};
use crate::domain::disk::{Disk, DiskFilter, DiskQuery};
use crate::store::disks::DiskSummary;

impl App {
    /// One page of disks: the caller's project's, or with `everywhere`, which only admins are
    /// heard on, those of the project that the filter names or of any. An unknown marker is not
    /// found.
    pub async fn disks(
        &self,
        caller: &Caller,
        everywhere: bool,
        mut query: DiskQuery,
    ) -> Result<Vec<Disk>> {
        query.filter = heard(caller, everywhere, query.filter);
        if let Some(marker) = query.page.marker {
            self.disk(caller, &marker.to_string()).await?;
        }
        Ok(self.read().await?.disks(&query).await?)
    }

    /// How many disks such a list has on all its pages.
    pub async fn count_disks(
        &self,
        caller: &Caller,
        everywhere: bool,
        filter: DiskFilter,
    ) -> Result<i64> {
        let filter = heard(caller, everywhere, filter);
        Ok(self.read().await?.count_disks(&filter).await?)
    }

    /// All disks of the caller's project together, or with `everywhere` those of all projects.
    pub async fn disk_summary(&self, caller: &Caller, everywhere: bool) -> Result<DiskSummary> {
        let filter = heard(caller, everywhere, DiskFilter::default());
        Ok(self.read().await?.disk_summary(filter.project.as_ref()).await?)
    }
}

fn heard(caller: &Caller, everywhere: bool, filter: DiskFilter) -> DiskFilter {
    if everywhere && caller.role == Role::Admin {
        filter
    } else {
        DiskFilter { project: Some(caller.project.clone()), ..filter }
    }
}

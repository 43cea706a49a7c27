//! Backups that are shared with other projects, which may make disks from them and do nothing else to
//! them.

use std::collections::BTreeMap;

use tracing::info;

use super::{parse, settle, visible_backup};
use crate::domain::access::Caller;
use crate::domain::backup::{
    Backup, BackupRefused, BackupShare, BackupStatus, ShareFilter, ShareQuery, SharedBackup,
};
use crate::domain::event::{Event, State};
use crate::domain::ids::{BackupShareId, ProjectId};
use crate::service::{App, Resource, Result, ServiceError};
use crate::store::WriteTx;

/// What is shared no more, by its id as the client wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unshare {
    /// One share, which either side ends.
    Share(String),
    /// Every share of a backup, which its project ends.
    Backup(String),
}

impl App {
    /// Shares a backup with projects. With whom it is shared already keeps the share it has.
    pub async fn share_backup(
        &self,
        caller: &Caller,
        id: &str,
        with: Vec<ProjectId>,
    ) -> Result<Vec<SharedBackup>> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let shared = async {
            let backup = visible_backup(&mut *unit, caller, wanted).await?;
            if backup.status != BackupStatus::Available {
                return Err(BackupRefused::NotAvailable(backup.status).into());
            }
            if with.contains(&backup.project) {
                return Err(BackupRefused::SharedWithItself.into());
            }
            let mut shares = unit.shares_of_backup(wanted).await?;
            for project in &with {
                if shares.iter().all(|share| share.project != *project) {
                    shares.push(self.share(&mut *unit, caller, &backup, project));
                }
            }
            shares.retain(|share| with.contains(&share.project));
            Ok(shares
                .into_iter()
                .map(|share| SharedBackup { share, backup: backup.clone() })
                .collect())
        }
        .await;
        let made: Vec<SharedBackup> = settle(unit, shared).await?;
        info!(backup.id = %wanted, backup.shares = made.len(), "shared backup {wanted}");
        Ok(made)
    }

    fn share(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        backup: &Backup,
        with: &ProjectId,
    ) -> BackupShare {
        let share = BackupShare {
            id: BackupShareId::random(),
            backup: backup.id,
            project: with.clone(),
            created_at: self.now(),
        };
        unit.insert_backup_share(&share);
        let state = Some(state(backup, &share));
        unit.record(&Event::of(caller, self.now(), "backup.share", &backup.id, None, state));
        share
    }

    /// A share that the caller has made or that lets it use a backup.
    pub async fn backup_share(&self, caller: &Caller, id: &str) -> Result<SharedBackup> {
        let wanted = BackupShareId::parse(id).ok_or_else(|| no_share(id))?;
        let found = self.read().await?.backup_share(wanted).await?;
        found.filter(|shared| is_between(caller, shared)).ok_or_else(|| no_share(id))
    }

    /// One page of shares.
    pub async fn backup_shares(&self, query: &ShareQuery) -> Result<Vec<SharedBackup>> {
        Ok(self.read().await?.backup_shares(query).await?)
    }

    /// How many shares there are on all pages.
    pub async fn count_backup_shares(&self, filter: &ShareFilter) -> Result<i64> {
        Ok(self.read().await?.count_backup_shares(filter).await?)
    }

    /// Shares no more. Disks that were made meanwhile stay.
    pub async fn unshare_backup(&self, caller: &Caller, what: Unshare) -> Result<()> {
        let mut unit = self.write().await?;
        let ended = self.end_shares(&mut *unit, caller, what).await;
        let shares = settle(unit, ended).await?;
        info!(backup.shares = shares, "ended {shares} share(s) of a backup");
        Ok(())
    }

    async fn end_shares(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        what: Unshare,
    ) -> Result<usize> {
        let (backup, shares) = match what {
            Unshare::Share(id) => {
                let wanted = BackupShareId::parse(&id).ok_or_else(|| no_share(&id))?;
                let found = unit.backup_share(wanted).await?;
                let shared = found.filter(|shared| is_between(caller, shared));
                let SharedBackup { share, backup } = shared.ok_or_else(|| no_share(&id))?;
                (backup, vec![share])
            }
            Unshare::Backup(id) => {
                let backup = visible_backup(unit, caller, parse(&id)?).await?;
                let shares = unit.shares_of_backup(backup.id).await?;
                (backup, shares)
            }
        };
        for share in &shares {
            unit.delete_backup_share(share.id);
            let was = Some(state(&backup, share));
            unit.record(&Event::of(caller, self.now(), "backup.unshare", &backup.id, was, None));
        }
        Ok(shares.len())
    }
}

fn is_between(caller: &Caller, shared: &SharedBackup) -> bool {
    caller.sees(&shared.backup.project) || caller.project == shared.share.project
}

fn state(backup: &Backup, share: &BackupShare) -> State {
    State {
        project_id: backup.project.to_string(),
        values: BTreeMap::from([("shared_with".to_owned(), share.project.to_string())]),
        ..State::default()
    }
}

fn no_share(id: &str) -> ServiceError {
    ServiceError::NotFound(Resource::BackupShare, id.to_owned())
}

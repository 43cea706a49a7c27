//! Backups out of the data file as records, and into it again.

use tracing::info;

use super::{parse, settle, visible_backup};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupRecord, BackupRefused, BackupStatus};
use crate::domain::event::{Event, State};
use crate::domain::quota::Wish;
use crate::service::{App, Result};
use crate::store::WriteTx;

impl App {
    /// A backup to make a record of: one that is available.
    pub async fn export_backup(&self, caller: &Caller, id: &str) -> Result<Backup> {
        let wanted = parse(id)?;
        let backup = visible_backup(&mut *self.read().await?, caller, wanted).await?;
        if backup.status != BackupStatus::Available {
            return Err(BackupRefused::NotExportable(backup.status).into());
        }
        Ok(backup)
    }

    /// Makes the backup of a record anew. It is the caller's, as Cinder has it.
    pub async fn import_backup(&self, caller: &Caller, record: BackupRecord) -> Result<Backup> {
        let mut unit = self.write().await?;
        let made = self.make_of_record(&mut *unit, caller, record).await;
        let backup = settle(unit, made).await?;
        info!(backup.id = %backup.id, disk.id = %backup.disk, "imported backup {}", backup.id);
        Ok(backup)
    }

    async fn make_of_record(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        record: BackupRecord,
    ) -> Result<Backup> {
        self.check_quota(unit, &caller.project, Wish::Backup(record.size_gib)).await??;
        if unit.backup(record.id).await?.is_some() {
            return Err(BackupRefused::Exists.into());
        }
        let mut chain = unit.backups_upon(record.id).await?;
        if let Some(base) = record.base {
            chain.extend(unit.backup(base).await?);
        }
        if let Some(other) = chain.iter().find(|other| other.disk != record.disk) {
            return Err(BackupRefused::ChainOfTwoDisks(record.id, other.id).into());
        }
        let mut below = record.base;
        while let Some(base) = below {
            if base == record.id {
                return Err(BackupRefused::Ring(record.id).into());
            }
            below = unit.backup(base).await?.and_then(|backup| backup.base);
        }
        let now = self.now();
        let backup = Backup {
            id: record.id,
            disk: record.disk,
            project: caller.project.clone(),
            user: caller.user.clone(),
            name: record.name,
            description: record.description,
            container: record.container,
            size_gib: record.size_gib,
            incremental: record.base.is_some(),
            base: record.base,
            has_dependents: false,
            snapshot: record.snapshot,
            // Its own snapshot went with it.
            own_snapshot: false,
            policy: None,
            native: record.native,
            zone: record
                .zone
                .unwrap_or_else(|| self.rules.zones.first().cloned().unwrap_or_default()),
            status: BackupStatus::Available,
            fail_reason: None,
            metadata: record.metadata,
            data_at: record.data_at,
            ending: None,
            created_at: record.created_at.unwrap_or(now),
            updated_at: Some(now),
        };
        unit.insert_backup(&backup);
        let state = Some(State::from(&backup));
        unit.record(&Event::of(caller, now, "backup.import", &backup.id, None, state));
        Ok(backup)
    }
}

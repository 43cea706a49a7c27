//! Changing what people say about backups, and setting their status by hand.

use std::collections::BTreeMap;

use tracing::info;

use super::{no_backup, parse, settle, visible_backup};
use crate::domain::access::Caller;
use crate::domain::backup::{Backup, BackupStatus};
use crate::service::{App, Result};

/// What is asked for when a backup is changed; none leaves things as they are.
#[derive(Debug, Clone, Default)]
pub struct BackupChange {
    /// The name, which may become none.
    pub name: Option<Option<String>>,
    /// The description, which may become none.
    pub description: Option<Option<String>>,
    /// All of the metadata.
    pub metadata: Option<BTreeMap<String, String>>,
}

impl App {
    /// Changes what people say about a backup, in any status; what is under way goes on.
    pub async fn update_backup(
        &self,
        caller: &Caller,
        id: &str,
        change: BackupChange,
    ) -> Result<Backup> {
        self.change_backup(caller, id, "backup.update", |backup| {
            if let Some(name) = change.name {
                backup.name = name;
            }
            if let Some(description) = change.description {
                backup.description = description;
            }
            if let Some(metadata) = change.metadata {
                backup.metadata = metadata;
            }
        })
        .await
    }

    /// Sets a backup's status by hand; what was under way is dropped.
    pub async fn reset_backup_status(
        &self,
        caller: &Caller,
        id: &str,
        status: BackupStatus,
    ) -> Result<()> {
        self.change_backup(caller, id, "backup.reset_status", |backup| {
            (backup.status, backup.ending) = (status, None);
        })
        .await?;
        Ok(())
    }

    async fn change_backup(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        change: impl FnOnce(&mut Backup) + Send,
    ) -> Result<Backup> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let before = visible_backup(&mut *unit, caller, wanted).await?;
            let mut after = before.clone();
            change(&mut after);
            let saved = self.save_backup(&mut *unit, caller, action, &before, Some(after)).await?;
            saved.ok_or_else(|| no_backup(id.to_owned()))
        }
        .await;
        let backup = settle(unit, changed).await?;
        info!(backup.id = %wanted, backup.status = %backup.status, "changed backup {wanted}");
        Ok(backup)
    }
}

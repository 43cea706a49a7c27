//! What is done to a snapshot once it is there: what people say about it, its removal, and what an
//! administrator sets by hand.

use std::collections::BTreeMap;

use tracing::info;

use super::super::{App, Resource, Result, ServiceError, settle};
use super::{no_snapshot, parse, visible_snapshot};
use crate::domain::access::Caller;
use crate::domain::ids::SnapshotId;
use crate::domain::metadata::MetadataChange;
use crate::domain::progress::Operation;
use crate::domain::snapshot::{Snapshot, SnapshotCourse, SnapshotStatus, come_to};

/// What is asked for when a snapshot is changed; none leaves things as they are.
#[derive(Debug, Clone, Default)]
pub struct SnapshotChange {
    /// The name, which may become none.
    pub name: Option<Option<String>>,
    /// The description, which may become none.
    pub description: Option<Option<String>>,
}

/// How a snapshot is removed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SnapshotDeletion {
    /// If its status allows it.
    Plain,
    /// Whatever its status; what was under way is dropped.
    Force,
}

impl App {
    /// Changes what people say about a snapshot, in any status (Cinder).
    pub async fn update_snapshot(
        &self,
        caller: &Caller,
        id: &str,
        change: SnapshotChange,
    ) -> Result<Snapshot> {
        self.change_snapshot(caller, id, "snapshot.update", |snapshot| {
            if let Some(name) = change.name {
                snapshot.name = name;
            }
            if let Some(description) = change.description {
                snapshot.description = description;
            }
            Ok(())
        })
        .await
    }

    /// Changes the metadata of a snapshot, in any status (Cinder); what it is then.
    pub async fn change_snapshot_metadata(
        &self,
        caller: &Caller,
        id: &str,
        change: MetadataChange,
    ) -> Result<BTreeMap<String, String>> {
        let action = match change {
            MetadataChange::Merge(_) | MetadataChange::Replace(_) => "snapshot.update_metadata",
            MetadataChange::Remove(_) => "snapshot.delete_metadata",
        };
        let changed = self
            .change_snapshot(caller, id, action, |snapshot| {
                change.apply(&mut snapshot.metadata).map_err(|key| no_key(snapshot.id, key))
            })
            .await?;
        Ok(changed.metadata)
    }

    /// The value of one key of a snapshot's metadata.
    pub async fn snapshot_metadata_value(
        &self,
        caller: &Caller,
        id: &str,
        key: &str,
    ) -> Result<String> {
        let mut snapshot = self.snapshot(caller, id).await?;
        let value = snapshot.metadata.remove(key);
        value.ok_or_else(|| no_key(snapshot.id, key.to_owned()))
    }

    /// Sets a snapshot's status by hand; what was under way is dropped.
    pub async fn reset_snapshot_status(
        &self,
        caller: &Caller,
        id: &str,
        status: SnapshotStatus,
    ) -> Result<()> {
        self.change_snapshot(caller, id, "snapshot.reset_status", |snapshot| {
            (snapshot.status, snapshot.progress, snapshot.ending) = (status, None, None);
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Says what has become of a snapshot that is being taken or removed, and how far it has come in
    /// percent; what was under way is dropped, unless it goes on.
    pub async fn tell_snapshot_status(
        &self,
        caller: &Caller,
        id: &str,
        status: SnapshotStatus,
        progress: Option<i64>,
    ) -> Result<()> {
        self.change_snapshot(caller, id, "snapshot.reset_status", |snapshot| {
            come_to(snapshot.status, status)?;
            if snapshot.status != status {
                snapshot.ending = None;
            }
            (snapshot.status, snapshot.progress) = (status, progress.or(snapshot.progress));
            Ok(())
        })
        .await?;
        Ok(())
    }

    /// Removes a snapshot.
    pub async fn delete_snapshot(
        &self,
        caller: &Caller,
        id: &str,
        how: SnapshotDeletion,
    ) -> Result<()> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let removed = async {
            let snapshot = visible_snapshot(&mut *unit, caller, wanted).await?;
            if how == SnapshotDeletion::Plain && !snapshot.status.may_be_deleted() {
                return Err(ServiceError::NotDeletable(Resource::Snapshot, wanted.to_string()));
            }
            let begun =
                self.begin(caller, Operation::DeleteSnapshot, &snapshot.project, snapshot.disk);
            let (going, course) = (snapshot.clone(), SnapshotCourse::DELETE);
            let after = self.under_way_on_snapshot(&mut *unit, caller, going, course, begun);
            self.save_snapshot(&mut *unit, caller, "snapshot.delete", &snapshot, after);
            Ok(())
        }
        .await;
        settle(unit, removed).await?;
        self.woken.notify_one();
        info!(snapshot.id = %wanted, "deleted snapshot {wanted}");
        Ok(())
    }

    async fn change_snapshot(
        &self,
        caller: &Caller,
        id: &str,
        action: &'static str,
        change: impl FnOnce(&mut Snapshot) -> Result<()> + Send,
    ) -> Result<Snapshot> {
        let wanted = parse(id)?;
        let mut unit = self.write().await?;
        let changed = async {
            let before = visible_snapshot(&mut *unit, caller, wanted).await?;
            let mut after = before.clone();
            change(&mut after)?;
            self.save_snapshot(&mut *unit, caller, action, &before, Some(after))
                .ok_or_else(|| no_snapshot(id.to_owned()))
        }
        .await;
        let snapshot = settle(unit, changed).await?;
        info!(snapshot.id = %wanted, snapshot.status = %snapshot.status,
            "changed snapshot {wanted}");
        Ok(snapshot)
    }
}

fn no_key(snapshot: SnapshotId, key: String) -> ServiceError {
    ServiceError::NoMetadata { of: Resource::Snapshot, id: snapshot.to_string(), key }
}

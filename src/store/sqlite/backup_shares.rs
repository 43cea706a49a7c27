//! Shared backups in SQLite, each read together with its backup.

use async_trait::async_trait;
use sqlx::FromRow;

use super::errors;
use super::page::List;
use super::rows::{BackupRow, Row, backup_columns};
use super::unit::{AsConnection, Unit, Write};
use crate::domain::backup::{
    BackupShare, BackupText, ShareFilter, ShareQuery, ShareSort, SharedBackup,
};
use crate::domain::ids::{BackupId, BackupShareId, DiskId, ProjectId};
use crate::store::{BackupShareReads, BackupShareWrites, Result, StoreError};

#[derive(Debug, FromRow)]
struct ShareRow {
    share_id: String,
    shared_backup: String,
    shared_with: String,
    shared_at: String,
}

impl TryFrom<ShareRow> for BackupShare {
    type Error = StoreError;

    fn try_from(share: ShareRow) -> Result<Self> {
        let row = Row { table: "backup_shares", id: &share.share_id };
        Ok(Self {
            id: row.need("id", "UUID", BackupShareId::parse(&share.share_id))?,
            backup: row.need("backup_id", "UUID", BackupId::parse(&share.shared_backup))?,
            created_at: row.time("created_at", &share.shared_at)?,
            project: ProjectId::new(share.shared_with),
        })
    }
}

#[derive(Debug, FromRow)]
struct SharedRow {
    #[sqlx(flatten)]
    share: ShareRow,
    #[sqlx(flatten)]
    backup: BackupRow,
}

impl TryFrom<SharedRow> for SharedBackup {
    type Error = StoreError;

    fn try_from(row: SharedRow) -> Result<Self> {
        Ok(Self { share: row.share.try_into()?, backup: row.backup.try_into()? })
    }
}

/// A share as a table of which every column has a name that no column of a backup has, so that both
/// can be asked for by name.
macro_rules! shares {
    () => {
        "(SELECT id AS share_id, backup_id AS shared_backup, project_id AS shared_with,
                 created_at AS shared_at
          FROM backup_shares) AS shares JOIN backups ON backups.id = shared_backup"
    };
}

/// Where the place of a page's marker in its order is looked up, whatever that is by: every column has
/// the name that it has in `shares!`.
const MARKED: &str = "(SELECT s.id, s.id AS share_id, s.created_at AS shared_at, b.name, b.status,
                              b.size_gib
                       FROM backup_shares AS s JOIN backups AS b ON b.id = s.backup_id) AS backups";

#[async_trait]
impl<T: AsConnection> BackupShareReads for T {
    async fn backup_share(&mut self, id: BackupShareId) -> Result<Option<SharedBackup>> {
        sqlx::query_as::<_, SharedRow>(concat!(
            "SELECT share_id, shared_backup, shared_with, shared_at, ",
            backup_columns!(),
            " FROM ",
            shares!(),
            " WHERE share_id = $1"
        ))
        .bind(id.to_string())
        .fetch_optional(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .map(SharedBackup::try_from)
        .transpose()
    }

    async fn backup_shares(&mut self, query: &ShareQuery) -> Result<Vec<SharedBackup>> {
        let list = List::new(
            concat!(
                "SELECT share_id, shared_backup, shared_with, shared_at, ",
                backup_columns!(),
                " FROM ",
                shares!(),
                " WHERE TRUE"
            ),
            MARKED,
        );
        narrowed(list, &query.filter)
            .page(&query.page, ShareSort::Id, |sort| match sort {
                ShareSort::CreatedAt => "shared_at",
                ShareSort::Id => "share_id",
                ShareSort::Name => "coalesce(backups.name, '')",
                ShareSort::Status => "backups.status",
                ShareSort::Size => "backups.size_gib",
            })
            .build_query_as::<SharedRow>()
            .fetch_all(self.connection().await?)
            .await
            .map_err(errors::of_statement)?
            .into_iter()
            .map(SharedBackup::try_from)
            .collect()
    }

    async fn count_backup_shares(&mut self, filter: &ShareFilter) -> Result<i64> {
        let list =
            List::new(concat!("SELECT count(*) FROM ", shares!(), " WHERE TRUE"), "backup_shares");
        let (count,) = narrowed(list, filter)
            .whole()
            .build_query_as::<(i64,)>()
            .fetch_one(self.connection().await?)
            .await
            .map_err(errors::of_statement)?;
        Ok(count)
    }

    async fn shares_of_backup(&mut self, backup: BackupId) -> Result<Vec<BackupShare>> {
        sqlx::query_as::<_, ShareRow>(
            "SELECT id AS share_id, backup_id AS shared_backup, project_id AS shared_with,
                    created_at AS shared_at
             FROM backup_shares WHERE backup_id = $1 ORDER BY created_at, id",
        )
        .bind(backup.to_string())
        .fetch_all(self.connection().await?)
        .await
        .map_err(errors::of_statement)?
        .into_iter()
        .map(BackupShare::try_from)
        .collect()
    }

    async fn is_shared(&mut self, backup: BackupId, project: &ProjectId) -> Result<bool> {
        sqlx::query_scalar::<_, bool>(
            "SELECT EXISTS (SELECT 1 FROM backup_shares WHERE backup_id = $1 AND project_id = $2)",
        )
        .bind(backup.to_string())
        .bind(project.as_str())
        .fetch_one(self.connection().await?)
        .await
        .map_err(errors::of_statement)
    }
}

fn narrowed(list: List, filter: &ShareFilter) -> List {
    let list = list
        .only(" AND backups.project_id = ", filter.from.as_ref())
        .only(" AND shared_with = ", filter.to.as_ref());
    let list = match &filter.name {
        Some(part) => list.containing(" AND backups.name LIKE ", part),
        None => list,
    };
    filter.is.iter().fold(list, |list, (text, value)| {
        // One spelling for all ids, whatever they are of; what is no id is as it stands.
        let usual = || DiskId::parse(value).map_or_else(|| value.clone(), |id| id.to_string());
        match text {
            BackupText::Id => list.only(" AND backups.id = ", Some(usual())),
            BackupText::Disk => list.only(" AND backups.disk_id = ", Some(usual())),
            BackupText::Snapshot => list.only(" AND backups.snapshot_id = ", Some(usual())),
            BackupText::Name => list.only(" AND backups.name = ", Some(value)),
            BackupText::Status => list.only(" AND backups.status = ", Some(value)),
            BackupText::Zone => list.only(" AND backups.zone = ", Some(value)),
            BackupText::Container => list.only(" AND backups.container = ", Some(value)),
            BackupText::Project => list.only(" AND backups.project_id = ", Some(value)),
            BackupText::User => list.only(" AND backups.user_id = ", Some(value)),
        }
    })
}

impl BackupShareWrites for Unit {
    fn insert_backup_share(&mut self, share: &BackupShare) {
        self.queue(
            Write::of_one_row(
                "insert backup share",
                "INSERT INTO backup_shares (id, backup_id, project_id, created_at)
                 VALUES (?, ?, ?, ?)",
            )
            .bind(share.id)
            .bind(share.backup)
            .bind(&share.project)
            .bind(share.created_at),
        );
    }

    fn delete_backup_share(&mut self, id: BackupShareId) {
        self.queue(
            Write::of_one_row("delete backup share", "DELETE FROM backup_shares WHERE id = ?")
                .bind(id),
        );
    }
}

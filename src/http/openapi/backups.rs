//! Backups, by OpenStack's API.

use super::openstack::{ALL, BOTH, PAGE};
use super::table::Kind::{self, Filled, Inside, Null, Or, Sized, Uuid, Word};
use super::table::Member::{May, Must, Only, Since};
use super::table::{Act, Group, Operation, Schema, operations};
use crate::domain::access::Action as A;
use crate::http::openstack::resource_filters::BACKUP as BACKUP_FILTERS;

pub(super) const GROUP: Group =
    Group { tag: "backups", says: "Backups of disks.", roots: BOTH, operations: BACKUPS };

const NEW_BACKUP: Schema = Schema::only(
    "NewBackup",
    "backup",
    &[
        Must("volume_id", Uuid),
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        May("incremental", Kind::TRUTH),
        May("force", Kind::TRUTH),
        May("container", Kind::LABEL),
        May("snapshot_id", Kind::UUID),
        Since(43, "metadata", Kind::MAYBE_METADATA),
        Since(51, "availability_zone", Kind::LABEL),
        Only,
    ],
);
const BACKUP: Schema = Schema::only(
    "Backup",
    "backup",
    &[
        May("name", Kind::LABEL),
        May("description", Kind::LABEL),
        Since(43, "metadata", Kind::MAYBE_METADATA),
        Only,
    ],
);
const RESTORE: Schema = Schema::top(
    "RestoreBackup",
    &[
        Must(
            "restore",
            Or(&[Inside(&[May("volume_id", Kind::UUID), May("name", Kind::LABEL), Only]), Null]),
        ),
        Only,
    ],
);
const RECORD: Schema = Schema::only(
    "BackupRecord",
    "backup-record",
    &[Must("backup_service", Sized(1, 255)), Must("backup_url", Filled), Only],
);
const BACKUP_ACTS: &[Act] = &[
    Act::new(
        "os-reset_status",
        A::ResetBackupStatus,
        &[Must("status", Word(&["available", "error"])), Only],
    ),
    Act::new("os-force_delete", A::ForceDeleteBackup, &[]),
];

const BACKUPS: &[Operation] = operations! {
    get "/backups" 200 Many("backups"), "List backups", may(A::ListBackups),
        query(&[PAGE, ALL, &["with_count"], BACKUP_FILTERS]);
    get "/backups/detail" 200 Many("backups"), "List backups with all that is known of them",
        may(A::ListBackups), query(&[PAGE, ALL, &["with_count"], BACKUP_FILTERS]);
    post "/backups" 202 One("backup"), "Make a backup", may(A::CreateBackup), takes(&NEW_BACKUP);
    get "/backups/{id}" 200 One("backup"), "Show a backup", may(A::ShowBackup);
    put "/backups/{id}" 200 One("backup"), "Change what people say about a backup",
        may(A::UpdateBackup), since(9), takes(&BACKUP);
    delete "/backups/{id}" 202 Nothing, "Remove a backup", may(A::DeleteBackup);
    post "/backups/{id}/action" 202 Nothing,
        "Set a backup's status by hand, or remove it whatever its status",
        does("BackupAction", BACKUP_ACTS);
    post "/backups/{id}/restore" 202 One("restore"), "Fill a disk from a backup, a new one or another",
        may(A::RestoreBackup), takes(&RESTORE);
    get "/backups/{id}/export_record" 200 One("backup-record"), "Take a backup out as a record",
        may(A::ExportBackup);
    post "/backups/import_record" 201 One("backup"), "Make the backup of a record anew",
        may(A::ImportBackup), takes(&RECORD);
};

//! Disks, snapshots and backups as tables.

use super::entries::{ends, no_uuid, short, tags};
use super::reader::Entry;
use crate::domain::attachment::{AttachMode, AttachStatus};
use crate::domain::backup::BackupStatus;
use crate::domain::disk::DiskStatus;
use crate::domain::ids::{AttachmentId, BackupId, DiskId, ServerId, SnapshotId};
use crate::domain::progress::Outcome;
use crate::domain::scenario::{
    At, AttachmentEntry, BackupEntry, DiskEntry, SnapshotEntry, UnderWay,
};
use crate::domain::snapshot::SnapshotStatus;

pub(super) fn disk(entry: &mut Entry<'_>) -> Option<DiskEntry> {
    let project = entry.required("project");
    let name = short(entry, "name", true);
    let id = entry.parsed("id", |id| DiskId::parse(id).ok_or_else(|| no_uuid(id)));
    named_somehow(entry, name.is_some() || id.is_some());
    let mut status = |key| {
        entry.parsed(key, |word| {
            DiskStatus::parse(word).ok_or_else(|| unknown(word, "a disk", DiskStatus::ALL))
        })
    };
    let (status, former) = (status("status"), status("former"));
    let attachments = attachments(entry);
    Some(DiskEntry {
        place: name.as_ref().map_or(entry.place, |name| name.place),
        name,
        id,
        user: entry.text("user"),
        description: short(entry, "description", false),
        size: entry.whole("size", 1, i64::from(i32::MAX)),
        disk_type: entry.text("type"),
        zone: entry.text("zone"),
        status,
        under_way: under_way(entry),
        former,
        new_size: entry.whole("new_size", 1, i64::from(i32::MAX)),
        new_type: entry.text("new_type"),
        bootable: entry.flag("bootable"),
        multiattach: entry.flag("multiattach"),
        read_only: entry.flag("read_only"),
        dedicated_storage: entry.text("dedicated_storage"),
        metadata: entry.values("metadata"),
        tags: tags(entry),
        attachments,
        created_at: entry.time("created_at"),
        project: project?,
    })
}

pub(super) fn snapshot(entry: &mut Entry<'_>) -> Option<SnapshotEntry> {
    let disk = entry.required("disk");
    let name = short(entry, "name", true);
    let id = entry.parsed("id", |id| SnapshotId::parse(id).ok_or_else(|| no_uuid(id)));
    named_somehow(entry, name.is_some() || id.is_some());
    let status = entry.parsed("status", |word| {
        SnapshotStatus::parse(word).ok_or_else(|| unknown(word, "a snapshot", SnapshotStatus::ALL))
    });
    Some(SnapshotEntry {
        place: name.as_ref().map_or(entry.place, |name| name.place),
        project: entry.text("project"),
        name,
        id,
        description: short(entry, "description", false),
        size: entry.whole("size", 1, i64::from(i32::MAX)),
        status,
        under_way: under_way(entry),
        metadata: entry.values("metadata"),
        created_at: entry.time("created_at"),
        disk: disk?,
    })
}

pub(super) fn backup(entry: &mut Entry<'_>) -> Option<BackupEntry> {
    let disk = entry.required("disk");
    let name = short(entry, "name", true);
    let id = entry.parsed("id", |id| BackupId::parse(id).ok_or_else(|| no_uuid(id)));
    named_somehow(entry, name.is_some() || id.is_some());
    let status = entry.parsed("status", |word| {
        BackupStatus::parse(word).ok_or_else(|| unknown(word, "a backup", BackupStatus::ALL))
    });
    Some(BackupEntry {
        place: name.as_ref().map_or(entry.place, |name| name.place),
        project: entry.text("project"),
        name,
        id,
        description: short(entry, "description", false),
        container: entry.text("container"),
        size: entry.whole("size", 1, i64::from(i32::MAX)),
        zone: entry.text("zone"),
        status,
        under_way: under_way(entry),
        fail_reason: entry.text("fail_reason"),
        incremental: entry.flag("incremental"),
        base: entry.text("base"),
        snapshot: entry.text("snapshot"),
        own_snapshot: entry.flag("own_snapshot"),
        policy: entry.text("policy"),
        native: entry.flag("native"),
        metadata: entry.values("metadata"),
        data_at: entry.time("data_at"),
        created_at: entry.time("created_at"),
        disk: disk?,
    })
}

fn attachments(entry: &mut Entry<'_>) -> Option<At<Vec<AttachmentEntry>>> {
    let place = entry.place_of("attachments")?;
    let value = entry.each("attachments", |entry| {
        let id = entry.parsed("id", |id| AttachmentId::parse(id).ok_or_else(|| no_uuid(id)));
        let server = entry.parsed("server", |id| ServerId::parse(id).ok_or_else(|| no_uuid(id)));
        let host = entry.text("host");
        if server.is_none() && host.is_none() && id.is_none() {
            let place = entry.place;
            entry.complain(place, "an attachment has a server, by its UUID, or a host");
        }
        Some(AttachmentEntry {
            place: entry.place,
            id,
            server,
            host,
            mountpoint: entry.text("mountpoint"),
            mode: entry.parsed("mode", |word| {
                AttachMode::parse(word).ok_or_else(|| "mode is \"rw\" or \"ro\"".to_owned())
            }),
            status: entry.parsed("status", |word| {
                let status = AttachStatus::parse(word);
                status.ok_or_else(|| unknown(word, "an attachment", AttachStatus::ALL))
            }),
        })
    });
    Some(At { value, place })
}

fn under_way(entry: &mut Entry<'_>) -> UnderWay {
    let ends = ends(entry, "ends_in_s", "ends_at");
    let outcome = entry.parsed("outcome", |word| {
        Outcome::parse(word).ok_or_else(|| "outcome is \"done\" or \"failed\"".to_owned())
    });
    UnderWay { ends, outcome }
}

fn named_somehow(entry: &mut Entry<'_>, named: bool) {
    if !named {
        let place = entry.place;
        entry.complain(place, "name is missing, or an id");
    }
}

fn unknown(word: &str, what: &str, all: &[impl ToString]) -> String {
    let words: Vec<String> = all.iter().map(ToString::to_string).collect();
    format!("{word:?} is no status of {what}: {}", words.join(", "))
}

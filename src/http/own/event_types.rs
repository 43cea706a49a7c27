//! What events are called on the wire: Cinder's names of notifications where ours match, our own words
//! where Cinder has none.
//!
//! A row of the table is one change, where Cinder notifies of the beginning and of the end. What is over
//! at once is an `.end`; what takes time is a `.start` when it begins and an `.end` or an `.error` when
//! it is over, whichever the status shows.

use serde_json::Value;

use crate::domain::event::{Recorded, Words};

/// What a change is called.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Type {
    /// This, with `.end`: it is over at once.
    Over(&'static str),
    /// This, with what its status shows: it may take time.
    Takes(&'static str),
    /// Just this; Cinder tells of it once.
    Once(&'static str),
    /// When it is over just this, as Cinder tells of it; when it begins, with `.start`.
    EndsAs(&'static str),
    /// The action itself: Cinder tells of nothing like it.
    Own,
    /// Something that took time is over: what it was, the status before says.
    Ends(&'static [(&'static str, Self)]),
}
use Type::{Ends, EndsAs, Once, Over, Own, Takes};

/// What ends on a disk, by its status meanwhile.
const ON_DISKS: &[(&str, Type)] = &[
    ("creating", Takes("volume.create")),
    ("downloading", Takes("volume.create")),
    ("restoring-backup", Takes("disk.restore")),
    ("extending", Takes("volume.resize")),
    ("retyping", EndsAs("volume.retype")),
    ("uploading", Takes("disk.upload_image")),
    ("reverting", Takes("volume.revert")),
    ("rollbacking", Takes("disk.rollback")),
    ("backing-up", Takes("disk.backup")),
    ("deleting", Takes("volume.delete")),
];

/// What ends on a snapshot, by its status meanwhile.
const ON_SNAPSHOTS: &[(&str, Type)] = &[
    ("creating", Takes("snapshot.create")),
    ("deleting", Takes("snapshot.delete")),
    ("rollbacking", Takes("snapshot.rollback")),
    ("restoring", Takes("snapshot.revert")),
    ("backing-up", Takes("snapshot.backup")),
];

/// What ends on a backup, by its status meanwhile.
const ON_BACKUPS: &[(&str, Type)] = &[
    ("creating", Takes("backup.create")),
    ("restoring", Takes("backup.restore")),
    ("deleting", Takes("backup.delete")),
];

/// Every action that is recorded.
const TYPES: &[(&str, Type)] = &[
    ("access_key.create", Own),
    ("access_key.delete", Own),
    ("access_key.update", Own),
    ("account.create", Own),
    ("application_credential.create", Own),
    ("application_credential.delete", Own),
    ("attachment.create", Own),
    ("attachment.delete", Own),
    ("attachment.update", Own),
    ("backup.create", Takes("backup.create")),
    ("backup.delete", Takes("backup.delete")),
    ("backup.import", Own),
    ("backup.merge", Own),
    ("backup.progress", Ends(ON_BACKUPS)),
    ("backup.reset_status", Over("backup.reset_status")),
    ("backup.restore", Takes("backup.restore")),
    ("backup.share", Own),
    ("backup.unshare", Own),
    ("backup.update", Own),
    ("clock.advance", Own),
    ("clock.freeze", Own),
    ("clock.reset", Own),
    ("clock.run", Own),
    ("clock.scale", Own),
    ("clock.set", Own),
    ("database.edit", Own),
    ("disk.attach", Over("volume.attach")),
    ("disk.backup", Takes("disk.backup")),
    ("disk.begin_detaching", Own),
    ("disk.connect", Own),
    ("disk.create", Takes("volume.create")),
    ("disk.delete", Takes("volume.delete")),
    ("disk.delete_metadata", Own),
    ("disk.detach", Over("volume.detach")),
    ("disk.extend", Takes("volume.resize")),
    ("disk.force_delete", Takes("volume.delete")),
    ("disk.force_detach", Over("volume.detach")),
    ("disk.progress", Ends(ON_DISKS)),
    ("disk.reserve", Own),
    ("disk.reset_status", Over("volume.reset_status")),
    ("disk.restore", Takes("disk.restore")),
    ("disk.retype", EndsAs("volume.retype")),
    ("disk.revert", Takes("volume.revert")),
    ("disk.roll_detaching", Own),
    ("disk.rollback", Takes("disk.rollback")),
    ("disk.set_bootable", Own),
    ("disk.set_image_metadata", Own),
    ("disk.set_read_only", Own),
    ("disk.tag", Own),
    ("disk.unreserve", Own),
    ("disk.unset_image_metadata", Own),
    ("disk.update", Over("volume.update")),
    ("disk.update_metadata", Own),
    ("disk.upload_image", Takes("disk.upload_image")),
    ("disk_type.add_access", Once("volume_type_project.access.add")),
    ("disk_type.create", Once("volume_type.create")),
    ("disk_type.create_encryption", Once("volume_type_encryption.create")),
    ("disk_type.delete", Once("volume_type.delete")),
    ("disk_type.delete_encryption", Once("volume_type_encryption.delete")),
    ("disk_type.delete_extra_spec", Once("volume_type_extra_specs.delete")),
    ("disk_type.remove_access", Once("volume_type_project.access.remove")),
    ("disk_type.set_extra_specs", Once("volume_type_extra_specs.create")),
    ("disk_type.set_qos_specs", Own),
    ("disk_type.update", Once("volume_type.update")),
    ("disk_type.update_encryption", Once("volume_type_encryption.update")),
    ("fault.create", Own),
    ("fault.delete", Own),
    ("fault.fail_step", Own),
    ("login.wrong_password", Own),
    ("message.delete", Own),
    ("policy.bind", Own),
    ("policy.create", Own),
    ("policy.delete", Own),
    ("policy.run", Own),
    ("policy.tag", Own),
    ("policy.task", Own),
    ("policy.unbind", Own),
    ("policy.update", Own),
    ("project.create", Own),
    ("project.delete", Own),
    ("project.update", Own),
    ("qos_specs.create", Once("qos_specs.create")),
    ("qos_specs.delete", Once("qos_specs.delete")),
    ("qos_specs.delete_keys", Once("qos_specs.delete_keys")),
    ("qos_specs.update", Once("qos_specs.update")),
    ("quota.delete", Own),
    ("quota.update", Own),
    ("quota_class.update", Own),
    ("role.grant", Own),
    ("role.revoke", Own),
    ("snapshot.backup", Takes("snapshot.backup")),
    ("snapshot.create", Takes("snapshot.create")),
    ("snapshot.delete", Takes("snapshot.delete")),
    ("snapshot.delete_metadata", Own),
    ("snapshot.progress", Ends(ON_SNAPSHOTS)),
    ("snapshot.reset_status", Over("snapshot.reset_status")),
    ("snapshot.revert", Takes("snapshot.revert")),
    ("snapshot.rollback", Takes("snapshot.rollback")),
    ("snapshot.update", Over("snapshot.update")),
    ("snapshot.update_metadata", Own),
    ("state.load", Own),
    ("state.reset", Own),
    ("token.revoke", Own),
    ("transfer.accept", Over("transfer.accept")),
    ("transfer.create", Over("transfer.create")),
    ("transfer.delete", Over("transfer.delete")),
    ("transfer.expire", Own),
    ("transfer.wrong_key", Own),
    ("user.create", Own),
    ("user.delete", Own),
    ("user.password", Own),
    ("user.update", Own),
];

/// What an event is called; one of an action that is not in the table by the action itself.
pub(super) fn event_type(event: &Recorded) -> String {
    let action = event.action.as_str();
    let status = |state: &Option<String>| {
        let state: Value = serde_json::from_str(state.as_deref()?).ok()?;
        Some(state.get("status")?.as_str()?.to_owned())
    };
    let found = match of_action(action) {
        Ends(endings) => {
            let before = status(&event.before);
            let ending = endings.iter().find(|(during, _)| before.as_deref() == Some(*during));
            ending.map_or(Own, |(_, found)| *found)
        }
        found @ (Over(_) | Takes(_) | Once(_) | EndsAs(_) | Own) => found,
    };
    match found {
        Over(name) => format!("{name}.end"),
        Once(name) => name.to_owned(),
        Takes(name) => format!("{name}.{}", stage(status(&event.after).as_deref())),
        EndsAs(name) => match stage(status(&event.after).as_deref()) {
            "start" => format!("{name}.start"),
            _ => name.to_owned(),
        },
        Own | Ends(_) => action.to_owned(),
    }
}

/// The actions whose events may be called by one of these words.
pub(super) fn actions_called(words: &Words) -> Vec<String> {
    let called = |(_, found): &(&str, Type)| names(*found).iter().any(|name| words.contain(name));
    let known = TYPES.iter().filter(|row| names_itself(row, words) || called(row));
    let mut actions: Vec<String> = known.map(|(action, _)| (*action).to_owned()).collect();
    if let Words::One(word) = words {
        // An action that is not in the table is called by itself.
        actions.push(word.clone());
    }
    actions
}

fn names_itself((action, found): &(&str, Type), words: &Words) -> bool {
    matches!(found, Own | Ends(_)) && words.contain(action)
}

/// Everything that a change of this kind may be called, but for its action.
fn names(found: Type) -> Vec<String> {
    match found {
        Over(name) => vec![format!("{name}.end")],
        Once(name) => vec![name.to_owned()],
        EndsAs(name) => vec![name.to_owned(), format!("{name}.start")],
        Takes(name) => ["start", "end", "error"].map(|stage| format!("{name}.{stage}")).into(),
        Own => Vec::new(),
        Ends(endings) => endings.iter().flat_map(|(_, found)| names(*found)).collect(),
    }
}

fn of_action(action: &str) -> Type {
    TYPES.iter().find(|(known, _)| *known == action).map_or(Own, |(_, found)| *found)
}

/// How far it has come with this status after it; none: it is gone.
fn stage(after: Option<&str>) -> &'static str {
    let Some(status) = after else { return "end" };
    let under_way = [ON_DISKS, ON_SNAPSHOTS, ON_BACKUPS].into_iter().flatten();
    if under_way.into_iter().any(|(during, _)| *during == status) {
        "start"
    } else if status.starts_with("error") {
        "error"
    } else {
        "end"
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::{Path, PathBuf};

    use chrono::DateTime;

    use super::*;
    use crate::domain::backup::BackupCourse;
    use crate::domain::disk::DiskCourse;
    use crate::domain::ids::{ProjectId, RequestId, UserId};
    use crate::domain::snapshot::SnapshotCourse;

    fn event(action: &str, before: Option<&str>, after: Option<&str>) -> Recorded {
        let state = |status: &str| format!(r#"{{"status":"{status}","project_id":"p"}}"#);
        Recorded {
            seq: 1,
            at: DateTime::UNIX_EPOCH,
            request: RequestId::new("r"),
            user: UserId::new("u"),
            project: ProjectId::new("p"),
            action: action.to_owned(),
            resource: "x".to_owned(),
            disk: None,
            before: before.map(state),
            after: after.map(state),
            reason: None,
        }
    }

    /// Every word in quotes in the sources of the use cases that looks like an action.
    fn recorded() -> BTreeSet<String> {
        let mut found = BTreeSet::new();
        let mut folders: Vec<PathBuf> =
            vec![Path::new(env!("CARGO_MANIFEST_DIR")).join("src/service")];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                    continue;
                }
                let text = std::fs::read_to_string(path).unwrap();
                let product = text.split("#[cfg(test)]").next().unwrap();
                for line in product.lines().filter(|line| !line.trim_start().starts_with("//")) {
                    let words = line.split('"').skip(1).step_by(2);
                    found.extend(words.filter(|word| is_action(word)).map(str::to_owned));
                }
            }
        }
        found
    }

    fn is_action(word: &str) -> bool {
        let part = |part: &str| {
            !part.is_empty() && part.chars().all(|c| c.is_ascii_lowercase() || c == '_')
        };
        word.split_once('.').is_some_and(|(thing, verb)| part(thing) && part(verb))
    }

    #[test]
    fn every_action_that_is_recorded_has_its_row_and_no_row_is_left_over() {
        let listed: BTreeSet<String> =
            TYPES.iter().map(|(action, _)| (*action).to_owned()).collect();
        let recorded = recorded();
        let missing: Vec<_> = recorded.difference(&listed).collect();
        assert!(missing.is_empty(), "{missing:?} need rows in TYPES");
        let left_over: Vec<_> = listed.difference(&recorded).collect();
        assert!(left_over.is_empty(), "{left_over:?} are recorded nowhere");
        assert_eq!(listed.len(), TYPES.len(), "none twice");
    }

    #[test]
    fn whatever_takes_time_is_known_by_its_status_meanwhile() {
        let disks = DiskCourse::ALL.iter().map(|course| course.during.as_str());
        assert_eq!(disks.collect::<Vec<_>>(), words(ON_DISKS));
        let snapshots: BTreeSet<&str> =
            SnapshotCourse::ALL.iter().map(|course| course.during.as_str()).collect();
        assert_eq!(snapshots, words(ON_SNAPSHOTS).into_iter().collect());
        let backups = [BackupCourse::CREATE, BackupCourse::RESTORE, BackupCourse::DELETE];
        let backups = backups.iter().map(|course| course.during.as_str());
        assert_eq!(backups.collect::<Vec<_>>(), words(ON_BACKUPS));
    }

    fn words(endings: &[(&'static str, Type)]) -> Vec<&'static str> {
        endings.iter().map(|(during, _)| *during).collect()
    }

    #[test]
    fn a_change_is_called_as_cinder_calls_it_by_how_far_it_has_come() {
        for (action, before, after, called) in [
            ("disk.create", None, Some("creating"), "volume.create.start"),
            ("disk.create", None, Some("available"), "volume.create.end"),
            ("disk.create", None, Some("error"), "volume.create.error"),
            ("disk.progress", Some("creating"), Some("available"), "volume.create.end"),
            ("disk.progress", Some("downloading"), Some("error"), "volume.create.error"),
            ("disk.extend", Some("in-use"), Some("extending"), "volume.resize.start"),
            ("disk.progress", Some("extending"), Some("in-use"), "volume.resize.end"),
            ("disk.progress", Some("extending"), Some("error_extending"), "volume.resize.error"),
            ("disk.retype", Some("available"), Some("retyping"), "volume.retype.start"),
            ("disk.progress", Some("retyping"), Some("available"), "volume.retype"),
            ("disk.retype", Some("available"), Some("available"), "volume.retype"),
            ("disk.force_delete", Some("error"), Some("deleting"), "volume.delete.start"),
            ("disk.progress", Some("deleting"), None, "volume.delete.end"),
            ("disk.delete", Some("available"), None, "volume.delete.end"),
            ("disk.progress", Some("odd"), None, "disk.progress"),
            (
                "transfer.create",
                Some("available"),
                Some("awaiting-transfer"),
                "transfer.create.end",
            ),
            (
                "snapshot.progress",
                Some("deleting"),
                Some("error_deleting"),
                "snapshot.delete.error",
            ),
            ("backup.progress", Some("restoring"), Some("available"), "backup.restore.end"),
            ("disk_type.create", None, Some("public"), "volume_type.create"),
            ("clock.freeze", Some("real"), Some("frozen"), "clock.freeze"),
            ("something.new", None, Some("creating"), "something.new"),
        ] {
            let event = event(action, before, after);
            assert_eq!(event_type(&event), called, "{action} {before:?} {after:?}");
            let words = Words::One(called.to_owned());
            let actions = actions_called(&words);
            assert!(actions.iter().any(|known| known == action), "{called}: {actions:?}");
        }
    }

    #[test]
    fn what_may_be_called_so_is_looked_for_and_nothing_else() {
        let actions = |words| actions_called(&Words::parse(words).unwrap());
        assert_eq!(
            actions("volume.create.*"),
            ["disk.create", "disk.progress"],
            "a disk is made by the first and is there by the second"
        );
        assert_eq!(actions("transfer.accept.end"), ["transfer.accept", "transfer.accept.end"]);
        assert_eq!(actions("clock.set"), ["clock.set", "clock.set"]);
        assert_eq!(actions("*").len(), TYPES.len());
    }
}

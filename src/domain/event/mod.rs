//! Events: one row a change, written in the change's own transaction.

mod query;

use std::collections::BTreeMap;

use chrono::SecondsFormat;
use serde::Serialize;

use super::access::Caller;
use super::attachment::{AttachMode, Attachment};
use super::backup::Backup;
use super::clock::Time;
use super::disk::Disk;
use super::ids::{DiskId, ProjectId, RequestId, UserId};
use super::policy::{Days, Policy, Retention, Task};
use super::snapshot::Snapshot;

pub use query::{EventFilter, Line, Recorded, Span, Words};

/// One change: who, in which request, what, before and after.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Time,
    /// In which request.
    pub request: RequestId,
    /// Who.
    pub user: UserId,
    /// On behalf of which project.
    pub project: ProjectId,
    /// What: `disk.create`, `transfer.accept`, …
    pub action: &'static str,
    /// The id of the resource that the action names.
    pub resource: String,
    /// The disk whose state `before` and `after` are, if they are a disk's.
    pub disk: Option<DiskId>,
    /// The state before; none for something new.
    pub before: Option<State>,
    /// The state after; none for something gone.
    pub after: Option<State>,
    /// Why, a sentence for people; none: the action says it.
    pub reason: Option<String>,
}

/// What of a resource can change, as it stands in an event (JSON in the table).
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
pub struct State {
    /// Its status word, for what has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub status: Option<&'static str>,
    /// The project that owns it.
    pub project_id: String,
    /// Its name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Its description.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Its size in GiB.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub size_gib: Option<i64>,
    /// Whether it is a system disk.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub bootable: Option<bool>,
    /// Its keys and values: a disk's metadata, a project's limits, a policy's schedule and
    /// tags.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub values: BTreeMap<String, String>,
}

impl From<&Disk> for State {
    fn from(disk: &Disk) -> Self {
        Self {
            status: Some(disk.status.as_str()),
            project_id: disk.project.to_string(),
            name: disk.name.clone(),
            description: disk.description.clone(),
            size_gib: Some(disk.size_gib),
            bootable: Some(disk.bootable),
            values: disk.metadata.clone(),
        }
    }
}

impl From<&Snapshot> for State {
    fn from(snapshot: &Snapshot) -> Self {
        Self {
            status: Some(snapshot.status.as_str()),
            project_id: snapshot.project.to_string(),
            name: snapshot.name.clone(),
            description: snapshot.description.clone(),
            size_gib: Some(snapshot.size_gib),
            bootable: None,
            values: snapshot.metadata.clone(),
        }
    }
}

impl From<&Backup> for State {
    fn from(backup: &Backup) -> Self {
        Self {
            status: Some(backup.status.as_str()),
            project_id: backup.project.to_string(),
            name: backup.name.clone(),
            description: backup.description.clone(),
            size_gib: Some(backup.size_gib),
            bootable: None,
            values: backup.metadata.clone(),
        }
    }
}

impl From<&Attachment> for State {
    fn from(attachment: &Attachment) -> Self {
        let values = [
            ("disk_id", Some(attachment.disk.to_string())),
            ("server_id", attachment.server.map(|server| server.to_string())),
            ("host_name", attachment.host_name.clone()),
            ("mountpoint", attachment.mountpoint.clone()),
            ("mode", attachment.mode.map(AttachMode::as_str).map(str::to_owned)),
        ];
        let given = values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Self {
            status: Some(attachment.status.as_str()),
            project_id: attachment.project.to_string(),
            values: given.collect(),
            ..Self::default()
        }
    }
}

impl From<&Policy> for State {
    fn from(policy: &Policy) -> Self {
        let schedule = &policy.schedule;
        let days = match &schedule.days {
            Days::Every(days) => format!("every {days}"),
            Days::Week(week) => week.to_string(),
        };
        let keeps = match schedule.retention {
            Retention::Count(count) => format!("{count} backups"),
            Retention::Days(days) => format!("{days} days"),
        };
        let first = if schedule.keep_first_of_month { "Y" } else { "N" };
        let said = [
            ("hours", schedule.hours.to_string()),
            ("days", days),
            ("zone", schedule.zone.to_string()),
            ("keeps", keeps),
            ("keeps_first_of_month", first.to_owned()),
        ];
        let mut values: BTreeMap<_, _> =
            policy.tags.iter().map(|(key, value)| (format!("tag:{key}"), value.clone())).collect();
        values.extend(said.map(|(key, value)| (key.to_owned(), value)));
        Self {
            status: Some(if schedule.enabled { "ON" } else { "OFF" }),
            project_id: policy.project.to_string(),
            name: Some(policy.name.clone()),
            values,
            ..Self::default()
        }
    }
}

impl State {
    /// Of a task of a backup policy of `project`.
    pub fn of_task(task: &Task, project: &ProjectId) -> Self {
        let (backup, name) = task.backup.clone().unzip();
        let (code, message) = task.failure.clone().unzip();
        let said = [
            ("policy_id", Some(task.policy.to_string())),
            ("disk_id", Some(task.disk.to_string())),
            ("due_at", Some(task.due_at.to_rfc3339_opts(SecondsFormat::Micros, true))),
            ("backup_id", backup.map(|id| id.to_string())),
            ("backup_name", name),
            ("code", code),
            ("message", message),
        ];
        let given = said.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Self {
            status: Some(task.status.as_str()),
            project_id: project.to_string(),
            values: given.collect(),
            ..Self::default()
        }
    }
}

impl Event {
    /// A change of a disk, by the action that `resource` names (the disk itself or its transfer).
    pub fn of_disk(
        caller: &Caller,
        at: Time,
        action: &'static str,
        resource: &impl ToString,
        before: Option<&Disk>,
        after: Option<&Disk>,
    ) -> Self {
        let disk = after.or(before).map(|disk| disk.id);
        Self {
            disk,
            ..Self::of(
                caller,
                at,
                action,
                resource,
                before.map(State::from),
                after.map(State::from),
            )
        }
    }

    /// A change of anything else.
    pub fn of(
        caller: &Caller,
        at: Time,
        action: &'static str,
        resource: &impl ToString,
        before: Option<State>,
        after: Option<State>,
    ) -> Self {
        Self {
            at,
            request: caller.request.clone(),
            user: caller.user.clone(),
            project: caller.project.clone(),
            action,
            resource: resource.to_string(),
            disk: None,
            before,
            after,
            reason: None,
        }
    }

    /// The same, with why it happened.
    #[must_use]
    pub fn because(self, reason: impl Into<String>) -> Self {
        Self { reason: Some(reason.into()), ..self }
    }
}

//! Backup policies: a disk under one, running or not, is not transferred.

use super::clock::Time;
use super::ids::{DiskId, PolicyId, ProjectId};

/// A backup policy of a project.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Its id.
    pub id: PolicyId,
    /// The project that owns it.
    pub project: ProjectId,
    /// Its name, 1 to 64 of `[A-Za-z0-9_-]`.
    pub name: String,
    /// When it runs and what it keeps.
    pub schedule: Schedule,
    /// The zone of the hours in the schedule, `UTC+hh:mm` or `UTC-hh:mm`.
    pub time_zone: String,
    /// How many disks are bound to it; counted from the rows, never stored.
    pub disks: i64,
    /// When it was made.
    pub created_at: Time,
}

/// When a policy runs and what it keeps (VBS "Creating a Backup Policy").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// Full hours `HH:00`, ascending, separated by commas.
    pub start_time: String,
    /// On which days.
    pub days: Days,
    /// What is kept.
    pub retention: Retention,
    /// Keep the first backup of each month for ever.
    pub keep_first_of_month: bool,
    /// Runs (`ON`) or rests (`OFF`).
    pub enabled: bool,
}

/// The days on which a policy runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// Every so many days, 1 to 30.
    Every(i64),
    /// On these days of the week, `SUN` to `SAT`, separated by commas.
    Week(String),
}

/// How much a policy keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// So many backups, 2 to 99.
    Count(i64),
    /// So many days, 2 to 99 999.
    Days(i64),
}

/// The link between a disk and the one policy it is under.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Binding {
    /// The disk.
    pub disk: DiskId,
    /// Its policy.
    pub policy: PolicyId,
    /// The policy's name, for messages.
    pub policy_name: String,
}

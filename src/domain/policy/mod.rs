//! Backup policies: a disk under one, running or not, is not transferred.

mod missed;
mod retention;
mod schedule;
mod task;

use super::clock::Time;
use super::ids::{DiskId, PolicyId, ProjectId};
use super::tag::Tags;

use schedule::MOMENT;

pub use missed::{MissedRule, MissedRuns, Turn};
pub use retention::Retention;
pub use schedule::{Days, Hours, LONGEST_INTERVAL, Schedule, Week, Zone};
pub use task::{Task, TaskQuery, TaskSort, TaskStatus, Trigger};

/// The name of the policy that every project has from the start.
pub const DEFAULT_NAME: &str = "default";

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
    /// Whether it is the one that the project has from the start.
    pub is_default: bool,
    /// Its tags.
    pub tags: Tags,
    /// How many disks are bound to it; counted from the rows, never stored.
    pub disks: i64,
    /// Since when it has its schedule.
    pub scheduled_since: Time,
    /// When it runs next; none exactly while it rests.
    pub next_run_at: Option<Time>,
    /// When it was made.
    pub created_at: Time,
}

impl Policy {
    /// The policy that a project has from the start, as long as nobody has written it: every night,
    /// but at rest.
    pub fn default_of(project: &ProjectId, now: Time) -> Self {
        let schedule = Schedule::every_night_but_off();
        Self {
            id: PolicyId::default_of(project),
            is_default: true,
            ..Self::new(project.clone(), DEFAULT_NAME.to_owned(), schedule, now)
        }
    }

    /// A new policy without disks and tags.
    pub fn new(project: ProjectId, name: String, schedule: Schedule, now: Time) -> Self {
        let next_run_at = schedule.enabled.then(|| schedule.next_run(now, now));
        Self {
            id: PolicyId::random(),
            project,
            name,
            schedule,
            is_default: false,
            tags: Tags::new(),
            disks: 0,
            scheduled_since: now,
            next_run_at,
            created_at: now,
        }
    }

    /// The same with this schedule from now on; its days are counted anew only if it says something
    /// else about when to run.
    #[must_use]
    pub fn scheduled(self, schedule: Schedule, now: Time) -> Self {
        let when = |schedule: &Schedule| {
            (schedule.enabled, schedule.hours.clone(), schedule.days.clone(), schedule.zone)
        };
        if when(&self.schedule) == when(&schedule) {
            return Self { schedule, ..self };
        }
        let next_run_at = schedule.enabled.then(|| schedule.next_run(now, now));
        Self { schedule, scheduled_since: now, next_run_at, ..self }
    }
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

#[cfg(test)]
mod tests {
    use chrono::TimeDelta;

    use super::*;

    fn now() -> Time {
        "2026-11-23T07:00:00Z".parse().unwrap()
    }

    #[test]
    fn a_projects_first_policy_is_always_the_same_and_rests() {
        let (atlas, beta) = (ProjectId::new("atlas"), ProjectId::new("beta"));
        let policy = Policy::default_of(&atlas, now());
        assert_eq!(Policy::default_of(&atlas, now()), policy.clone());
        assert_ne!(policy.id, PolicyId::default_of(&beta));
        assert_eq!((policy.name.as_str(), policy.next_run_at), ("default", None));
    }

    #[test]
    fn days_are_counted_anew_when_a_schedule_says_something_else_about_when_to_run() {
        let mut schedule = Policy::default_of(&ProjectId::new("atlas"), now()).schedule;
        schedule.enabled = true;
        let before = Policy::new(ProjectId::new("atlas"), "p".to_owned(), schedule.clone(), now());
        assert_eq!(before.next_run_at, Some("2026-11-24T02:00:00Z".parse().unwrap()));
        let later = now() + TimeDelta::days(7);

        let kept = Schedule { retention: Retention::Days(5), ..schedule.clone() };
        let same = before.clone().scheduled(kept.clone(), later);
        assert_eq!(same, Policy { schedule: kept, ..before.clone() });

        let other = Schedule { days: Days::Every(2), ..schedule.clone() };
        let changed = before.clone().scheduled(other, later);
        assert_eq!(changed.scheduled_since, later);
        assert_eq!(changed.next_run_at, Some("2026-12-01T02:00:00Z".parse().unwrap()));

        let rests = before.scheduled(Schedule { enabled: false, ..schedule.clone() }, later);
        assert_eq!(rests.next_run_at, None);
        assert_eq!(rests.scheduled(schedule, later).next_run_at, changed.next_run_at);
    }
}

//! What becomes of runs whose time has passed while nothing could run: the service was down, or its
//! clock jumped.

use chrono::TimeDelta;

use super::{MOMENT, Policy};
use crate::domain::clock::Time;
use crate::domain::status::statuses;

statuses! {
    /// Which of the runs that were missed are made up for.
    MissedRuns {
        /// All of them, one after the other.
        All = "all",
        /// The latest one.
        Latest = "latest",
        /// None.
        Skip = "skip",
    }
}

/// When a run counts as missed, and what becomes of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct MissedRule {
    /// Which are made up for.
    pub runs: MissedRuns,
    /// A run is missed when it is later than this.
    pub after: TimeDelta,
}

/// What a policy does whose next run is due.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Turn {
    /// It runs, and runs next then.
    Run(Time),
    /// It does not run, and is due next then.
    Wait(Time),
}

impl Policy {
    /// What to do at `now` about a run that was due at `due`.
    pub fn turn(&self, due: Time, now: Time, rule: MissedRule) -> Turn {
        let (schedule, since) = (&self.schedule, self.scheduled_since);
        if !schedule.runs_at(since, due) {
            return Turn::Wait(schedule.next_run(since, now));
        }
        let run = Turn::Run(schedule.next_run(since, due));
        if now - due <= rule.after {
            return run;
        }
        match rule.runs {
            MissedRuns::All => run,
            MissedRuns::Latest => match schedule.last_run(since, now) {
                Some(last) if last > due => Turn::Wait(last),
                Some(_) | None => run,
            },
            MissedRuns::Skip => Turn::Wait(schedule.next_run(since, now - rule.after - MOMENT)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Days, Schedule};
    use super::*;
    use crate::domain::ids::ProjectId;

    fn at(text: &str) -> Time {
        format!("2026-11-{text}:00Z").parse().unwrap()
    }

    /// Runs every night at two since the 20th.
    fn nightly() -> Policy {
        let rests = Policy::default_of(&ProjectId::new("atlas"), at("20T07:00"));
        let schedule = Schedule { enabled: true, days: Days::Every(1), ..rests.schedule.clone() };
        rests.scheduled(schedule, at("20T07:00"))
    }

    fn turn(due: &str, now: &str, runs: MissedRuns) -> Turn {
        nightly().turn(at(due), at(now), MissedRule { runs, after: TimeDelta::minutes(5) })
    }

    #[test]
    fn a_run_that_is_on_time_runs_whatever_the_rule() {
        for runs in MissedRuns::ALL {
            for now in ["21T02:00", "21T02:05"] {
                assert_eq!(turn("21T02:00", now, *runs), Turn::Run(at("22T02:00")), "{runs}");
            }
        }
    }

    #[test]
    fn missed_runs_are_all_made_up_for_or_the_latest_or_none() {
        for (runs, due, now, expected) in [
            (MissedRuns::All, "21T02:00", "24T07:00", Turn::Run(at("22T02:00"))),
            (MissedRuns::Latest, "21T02:00", "24T07:00", Turn::Wait(at("24T02:00"))),
            (MissedRuns::Latest, "24T02:00", "24T07:00", Turn::Run(at("25T02:00"))),
            (MissedRuns::Latest, "21T02:00", "24T02:01", Turn::Wait(at("24T02:00"))),
            (MissedRuns::Skip, "21T02:00", "24T07:00", Turn::Wait(at("25T02:00"))),
            (MissedRuns::Skip, "21T02:00", "24T02:05", Turn::Wait(at("24T02:00"))),
            (MissedRuns::Skip, "21T02:00", "24T02:06", Turn::Wait(at("25T02:00"))),
        ] {
            assert_eq!(turn(due, now, runs), expected, "{runs} {due} {now}");
        }
    }

    #[test]
    fn what_is_no_hour_of_the_schedule_is_no_run() {
        for runs in MissedRuns::ALL {
            let turn = turn("20T07:00", "23T07:00", *runs);
            assert_eq!(turn, Turn::Wait(at("24T02:00")), "{runs}");
        }
    }
}

//! What a policy keeps of the backups that it made.

use std::collections::BTreeMap;

use chrono::{Datelike as _, TimeDelta};

use super::schedule::Schedule;
use crate::domain::clock::Time;

/// How much a policy keeps.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retention {
    /// So many backups, 2 to 99.
    Count(i64),
    /// So many days, 2 to 99 999.
    Days(i64),
}

impl Schedule {
    /// Which of the backups that the policy made of one disk have had their time, the oldest first.
    /// Each is its id and when it was made, in any order. What is kept as the first of its month
    /// counts among the newest all the same.
    pub fn outlived<I: Copy + Ord>(&self, made: &[(I, Time)], now: Time) -> Vec<I> {
        let mut made = made.to_vec();
        made.sort_by_key(|(id, at)| (*at, *id));
        let mut firsts = BTreeMap::new();
        if self.keep_first_of_month {
            for (id, at) in &made {
                let day = self.zone.local(*at).date();
                firsts.entry((day.year(), day.month())).or_insert(*id);
            }
        }
        let newest = made.len().saturating_sub(match self.retention {
            Retention::Count(count) => usize::try_from(count).unwrap_or_default(),
            Retention::Days(_) => 0,
        });
        let old = |place: usize, at: Time| match self.retention {
            Retention::Count(_) => place < newest,
            Retention::Days(days) => now - at >= TimeDelta::days(days),
        };
        let outlived = made.iter().enumerate().filter(|(place, (_, at))| old(*place, *at));
        let ids = outlived.map(|(_, (id, _))| *id);
        ids.filter(|id| firsts.values().all(|first| first != id)).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::super::schedule::{Days, Hours, Zone};
    use super::*;

    fn keeping(retention: Retention, keep_first_of_month: bool, zone: &str) -> Schedule {
        Schedule {
            hours: Hours::parse("02:00").unwrap(),
            days: Days::Every(1),
            zone: Zone::parse(zone).unwrap(),
            retention,
            keep_first_of_month,
            enabled: true,
        }
    }

    /// Backups that are numbered from 1, made at these times.
    fn made(times: &[&str]) -> Vec<(usize, Time)> {
        times.iter().enumerate().map(|(place, at)| (place + 1, at.parse().unwrap())).collect()
    }

    fn now() -> Time {
        "2026-11-23T02:00:00Z".parse().unwrap()
    }

    #[test]
    fn so_many_of_the_newest_stay() {
        let mut backups =
            made(&["2026-11-20T02:00:00Z", "2026-11-21T02:00:00Z", "2026-11-22T02:00:00Z"]);
        let two = keeping(Retention::Count(2), false, "UTC+00:00");
        assert_eq!(two.outlived(&backups, now()), [1]);
        backups.reverse();
        assert_eq!(two.outlived(&backups, now()), [1], "in whatever order");
        assert!(two.outlived(&backups[..2], now()).is_empty());
        assert!(two.outlived::<usize>(&[], now()).is_empty());
        let same = made(&["2026-11-20T02:00:00Z"; 3]);
        assert_eq!(two.outlived(&same, now()), [1], "ids decide between equals");
    }

    #[test]
    fn what_is_younger_than_so_many_days_stays() {
        let three = keeping(Retention::Days(3), false, "UTC+00:00");
        let backups = made(&[
            "2026-11-01T02:00:00Z",
            "2026-11-20T02:00:00Z",
            "2026-11-20T02:00:00.000001Z",
            "2026-11-23T02:00:00Z",
        ]);
        assert_eq!(three.outlived(&backups, now()), [1, 2], "three days old is not younger");
        let ever = keeping(Retention::Days(99_999), false, "UTC+00:00");
        assert!(ever.outlived(&backups, now()).is_empty());
    }

    #[test]
    fn the_first_of_each_month_of_the_zone_stays_for_ever() {
        let backups = made(&[
            "2026-09-30T23:00:00Z",
            "2026-10-01T02:00:00Z",
            "2026-10-02T02:00:00Z",
            "2026-10-31T23:00:00Z",
            "2026-11-01T02:00:00Z",
            "2026-11-22T02:00:00Z",
            "2026-11-23T02:00:00Z",
        ]);
        let utc = keeping(Retention::Count(2), true, "UTC+00:00");
        assert_eq!(utc.outlived(&backups, now()), [3, 4], "1, 2 and 5 are firsts of their months");
        let east = keeping(Retention::Count(2), true, "UTC+01:00");
        assert_eq!(east.outlived(&backups, now()), [2, 3, 5], "1 and 4 were made on a first there");
        let days = keeping(Retention::Days(2), true, "UTC+00:00");
        assert_eq!(days.outlived(&backups, now()), [3, 4]);
    }
}

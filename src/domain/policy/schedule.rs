//! When a policy runs: full hours of certain days in a zone of its own, as arithmetic on moments.

use std::fmt;
use std::iter::successors;

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, TimeDelta, Utc, Weekday};

use super::retention::Retention;
use crate::domain::clock::Time;

/// The most days between two runs.
pub const LONGEST_INTERVAL: i64 = 30;

/// The shortest time between two moments.
pub(super) const MOMENT: TimeDelta = TimeDelta::microseconds(1);

/// When a policy runs and what it keeps (VBS "Creating a Backup Policy").
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Schedule {
    /// At which hours of a day.
    pub hours: Hours,
    /// On which days.
    pub days: Days,
    /// The zone of the hours and days.
    pub zone: Zone,
    /// What is kept.
    pub retention: Retention,
    /// Keep the first backup of each month for ever.
    pub keep_first_of_month: bool,
    /// Runs (`ON`) or rests (`OFF`).
    pub enabled: bool,
}

impl Schedule {
    /// Every night at two, keeping ten backups, and at rest.
    pub(super) fn every_night_but_off() -> Self {
        Self {
            hours: Hours(vec![2]),
            days: Days::Every(1),
            zone: Zone::UTC,
            retention: Retention::Count(10),
            keep_first_of_month: false,
            enabled: false,
        }
    }

    /// The first moment after `after` at which a schedule that was set at `since` runs, enabled or
    /// not. Every so many days is counted from the day of its first run.
    pub fn next_run(&self, since: Time, after: Time) -> Time {
        match &self.days {
            Days::Week(week) => self.first_after(after, |day| week.contains(day.weekday())),
            Days::Every(days) => {
                let first = self.zone.local(self.first_after(since, |_| true)).date();
                let runs =
                    |day: NaiveDate| (day - first).num_days().rem_euclid((*days).max(1)) == 0;
                self.first_after(after.max(since), |day| day >= first && runs(day))
            }
        }
    }

    /// The last moment, up to `until`, at which a schedule that was set at `since` runs; none if it
    /// has not run by then.
    pub fn last_run(&self, since: Time, until: Time) -> Option<Time> {
        let first = self.next_run(since, since);
        let days = successors(Some(self.zone.local(until).date()), NaiveDate::pred_opt);
        let hours = days.flat_map(|day| self.hours.of(day).into_iter().rev());
        hours
            .map(|hour| self.zone.moment(hour))
            .skip_while(|at| *at > until)
            .take_while(|at| *at >= first)
            .find(|at| self.runs_at(since, *at))
    }

    /// Whether a schedule that was set at `since` runs at this moment.
    pub fn runs_at(&self, since: Time, at: Time) -> bool {
        self.next_run(since, at - MOMENT) == at
    }

    fn first_after(&self, after: Time, on: impl Fn(NaiveDate) -> bool) -> Time {
        let after = self.zone.local(after);
        let days = after.date().iter_days().filter(|day| on(*day));
        let mut hours = days.flat_map(|day| self.hours.of(day));
        hours.find(|hour| *hour > after).map_or(DateTime::<Utc>::MAX_UTC, |at| self.zone.moment(at))
    }
}

/// Full hours of a day, ascending, at least one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hours(Vec<u32>);

impl Hours {
    /// Reads `HH:00`, ascending, separated by commas.
    pub fn parse(text: &str) -> Option<Self> {
        let hours: Option<Vec<u32>> = text.split(',').map(|hour| full_hour(hour.trim())).collect();
        hours.filter(|hours| hours.is_sorted_by(|a, b| a < b)).map(Self)
    }

    fn of(&self, day: NaiveDate) -> Vec<NaiveDateTime> {
        self.0.iter().filter_map(|hour| day.and_hms_opt(*hour, 0, 0)).collect()
    }
}

/// As [`Hours::parse`] reads them.
impl fmt::Display for Hours {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let hours: Vec<String> = self.0.iter().map(|hour| format!("{hour:02}:00")).collect();
        f.write_str(&hours.join(","))
    }
}

fn full_hour(text: &str) -> Option<u32> {
    let (hour, minute) = text.split_once(':')?;
    two_digits(hour).filter(|hour| *hour < 24 && minute == "00")
}

/// Exactly two digits: `parse` alone would take `+2` too.
fn two_digits(text: &str) -> Option<u32> {
    let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

/// The days on which a policy runs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Days {
    /// Every so many days, 1 to [`LONGEST_INTERVAL`].
    Every(i64),
    /// On these days of the week.
    Week(Week),
}

/// Days of the week, at least one, in the order they were given.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Week(Vec<Weekday>);

/// The words for the days of the week.
const WEEK: [(&str, Weekday); 7] = [
    ("SUN", Weekday::Sun),
    ("MON", Weekday::Mon),
    ("TUE", Weekday::Tue),
    ("WED", Weekday::Wed),
    ("THU", Weekday::Thu),
    ("FRI", Weekday::Fri),
    ("SAT", Weekday::Sat),
];

impl Week {
    /// Reads `SUN` to `SAT`, separated by commas; what stands there twice counts once.
    pub fn parse(text: &str) -> Option<Self> {
        let mut week = Vec::new();
        for word in text.split(',') {
            let (_, day) = WEEK.iter().find(|(name, _)| *name == word)?;
            if !week.contains(day) {
                week.push(*day);
            }
        }
        Some(Self(week))
    }

    /// The words for the days, in the order they were given.
    pub fn words(&self) -> impl Iterator<Item = &'static str> {
        let word =
            |day: &Weekday| WEEK.iter().find(|(_, named)| named == day).map(|(word, _)| *word);
        self.0.iter().filter_map(word)
    }

    fn contains(&self, day: Weekday) -> bool {
        self.0.contains(&day)
    }
}

/// As [`Week::parse`] reads them.
impl fmt::Display for Week {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.words().collect::<Vec<_>>().join(","))
    }
}

/// How far a zone is from UTC, in whole minutes up to 14 hours; there is no summer time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Zone {
    minutes: i32,
}

impl Zone {
    /// UTC itself.
    pub const UTC: Self = Self { minutes: 0 };

    /// The furthest a zone is from UTC, in minutes.
    const FURTHEST: i32 = 14 * 60;

    /// Reads `UTC+hh:mm` or `UTC-hh:mm`.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, offset) = match text.strip_prefix("UTC+") {
            Some(offset) => (1, offset),
            None => (-1, text.strip_prefix("UTC-")?),
        };
        let (hours, minutes) = offset.split_once(':')?;
        let (hours, minutes) = (two_digits(hours)?, two_digits(minutes).filter(|n| *n < 60)?);
        let minutes = i32::try_from(hours * 60 + minutes).ok()?;
        (minutes <= Self::FURTHEST).then_some(Self { minutes: sign * minutes })
    }

    /// What the clocks of the zone show at a moment.
    pub(super) fn local(self, at: Time) -> NaiveDateTime {
        let offset = self.offset();
        at.naive_utc().checked_add_signed(offset).unwrap_or(NaiveDateTime::MAX)
    }

    /// The moment at which the clocks of the zone show this.
    fn moment(self, local: NaiveDateTime) -> Time {
        let utc = local.checked_sub_signed(self.offset()).unwrap_or(NaiveDateTime::MAX);
        utc.and_utc()
    }

    fn offset(self) -> TimeDelta {
        TimeDelta::minutes(self.minutes.into())
    }
}

/// As [`Zone::parse`] reads it.
impl fmt::Display for Zone {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.abs();
        write!(f, "UTC{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

#[cfg(test)]
mod tests {
    use chrono::Timelike as _;
    use proptest::prelude::*;

    use super::*;

    fn at(text: &str) -> Time {
        text.parse().unwrap()
    }

    fn schedule(hours: &str, days: Days, zone: &str) -> Schedule {
        Schedule {
            hours: Hours::parse(hours).unwrap(),
            days,
            zone: Zone::parse(zone).unwrap(),
            retention: Retention::Count(2),
            keep_first_of_month: false,
            enabled: true,
        }
    }

    fn week(days: &str) -> Days {
        Days::Week(Week::parse(days).unwrap())
    }

    /// The next so many runs of a schedule that was set at `since`.
    fn runs(schedule: &Schedule, since: &str, count: usize) -> Vec<String> {
        let (since, mut runs) = (at(since), Vec::new());
        let mut last = since;
        for _ in 0..count {
            last = schedule.next_run(since, last);
            runs.push(last.format("%a %m-%d %H:%M").to_string());
        }
        runs
    }

    #[test]
    fn hours_days_and_zones_are_read_and_told_alike() {
        for text in ["00:00", "02:00,23:00", "00:00,01:00,02:00"] {
            assert_eq!(Hours::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Hours::parse("02:00, 03:00").unwrap().to_string(), "02:00,03:00");
        for text in ["", "2:00", "+2:00", "24:00", "02:30", "03:00,02:00", "02:00,02:00", "02:00,"]
        {
            assert_eq!(Hours::parse(text), None, "{text}");
        }
        for text in ["SUN", "SAT,MON", "SUN,MON,TUE,WED,THU,FRI,SAT"] {
            assert_eq!(Week::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Week::parse("SAT,SAT,MON").unwrap().to_string(), "SAT,MON");
        for text in ["", "sun", "SUN,", "SUN MON", "DAY"] {
            assert_eq!(Week::parse(text), None, "{text}");
        }
        for text in ["UTC+00:00", "UTC+05:45", "UTC-03:30", "UTC+14:00", "UTC-14:00"] {
            assert_eq!(Zone::parse(text).unwrap().to_string(), text);
        }
        assert_eq!(Zone::parse("UTC-00:00"), Some(Zone::UTC));
        for text in
            ["", "UTC", "UTC+14:01", "UTC-15:00", "UTC+8:00", "UTC++1:00", "UTC+01:60", "CET"]
        {
            assert_eq!(Zone::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_daily_schedule_runs_at_each_of_its_hours_strictly_after_it_was_set() {
        let nightly = schedule("02:00,23:00", Days::Every(1), "UTC+00:00");
        assert_eq!(
            runs(&nightly, "2026-11-23T02:00:00Z", 3),
            ["Mon 11-23 23:00", "Tue 11-24 02:00", "Tue 11-24 23:00"]
        );
        assert_eq!(runs(&nightly, "2026-11-23T01:59:59.999999Z", 1), ["Mon 11-23 02:00"]);
    }

    #[test]
    fn every_so_many_days_is_counted_from_the_day_of_the_first_run() {
        let third = schedule("02:00,13:00", Days::Every(3), "UTC+00:00");
        assert_eq!(
            runs(&third, "2026-11-23T07:00:00Z", 3),
            ["Mon 11-23 13:00", "Thu 11-26 02:00", "Thu 11-26 13:00"],
            "what is left of the day on which it was set is the first day"
        );
        assert_eq!(runs(&third, "2026-11-23T13:00:00Z", 2), ["Tue 11-24 02:00", "Tue 11-24 13:00"]);
        let (since, late) = (at("2026-11-23T07:00:00Z"), at("2026-12-06T00:00:00Z"));
        let next = third.next_run(since, late);
        assert_eq!(next, at("2026-12-08T02:00:00Z"), "a gap does not move the days");
        let early = third.next_run(since, at("2026-01-01T00:00:00Z"));
        assert_eq!(early, at("2026-11-23T13:00:00Z"), "not before it was set");
    }

    #[test]
    fn days_of_the_week_are_those_of_the_zone() {
        let weekly = schedule("00:00", week("SUN,WED"), "UTC+05:45");
        assert_eq!(
            runs(&weekly, "2026-11-23T07:41:05Z", 3),
            ["Tue 11-24 18:15", "Sat 11-28 18:15", "Tue 12-01 18:15"]
        );
        let west = schedule("23:00", week("MON"), "UTC-10:00");
        assert_eq!(
            runs(&west, "2026-11-24T08:00:00Z", 2),
            ["Tue 11-24 09:00", "Tue 12-01 09:00"],
            "it is still Monday there"
        );
    }

    #[test]
    fn months_and_leap_years_are_the_calendars() {
        let monthly = schedule("02:00", Days::Every(30), "UTC+00:00");
        assert_eq!(
            runs(&monthly, "2028-01-30T00:00:00Z", 3),
            ["Sun 01-30 02:00", "Tue 02-29 02:00", "Thu 03-30 02:00"]
        );
    }

    #[test]
    fn a_moment_is_one_of_the_schedules_or_it_is_not() {
        let nightly = schedule("02:00", Days::Every(2), "UTC+01:00");
        let since = at("2026-11-23T07:00:00Z");
        for (moment, runs) in [
            ("2026-11-24T01:00:00Z", true),
            ("2026-11-26T01:00:00Z", true),
            ("2026-11-25T01:00:00Z", false),
            ("2026-11-24T01:00:00.000001Z", false),
            ("2026-11-24T02:00:00Z", false),
            ("2026-11-22T01:00:00Z", false),
            ("2026-11-23T07:00:00Z", false),
        ] {
            assert_eq!(nightly.runs_at(since, at(moment)), runs, "{moment}");
        }
    }

    fn any_schedule() -> impl Strategy<Value = Schedule> {
        let hours = proptest::collection::btree_set(0_u32..24, 1..4);
        let days = prop_oneof![
            (1..=LONGEST_INTERVAL).prop_map(Days::Every),
            proptest::sample::subsequence(WEEK.to_vec(), 1..=7)
                .prop_map(|days| Days::Week(Week(days.into_iter().map(|(_, day)| day).collect()))),
        ];
        (hours, days, -Zone::FURTHEST..=Zone::FURTHEST).prop_map(|(hours, days, minutes)| {
            Schedule {
                hours: Hours(hours.into_iter().collect()),
                days,
                zone: Zone { minutes },
                retention: Retention::Count(2),
                keep_first_of_month: false,
                enabled: true,
            }
        })
    }

    /// Whether the schedule may run at this minute of its zone, told without its own arithmetic;
    /// `first` is the day of the first run.
    fn allowed(schedule: &Schedule, first: NaiveDate, local: NaiveDateTime) -> bool {
        let hour = local.minute() == 0 && schedule.hours.0.contains(&local.hour());
        let day = match &schedule.days {
            Days::Every(days) => {
                local.date() >= first && (local.date() - first).num_days() % days == 0
            }
            Days::Week(week) => week.0.contains(&local.weekday()),
        };
        hour && day
    }

    proptest! {
        #[test]
        fn the_next_run_is_the_first_allowed_moment_after_the_given_one(
            schedule in any_schedule(),
            since in 1_700_000_000_i64..1_900_000_000,
            later in 0_i64..200 * 86_400,
        ) {
            let since = DateTime::from_timestamp(since, 0).unwrap();
            let after = since + TimeDelta::seconds(later);
            let next = schedule.next_run(since, after);
            prop_assert!(next > after);
            let offset = TimeDelta::minutes(schedule.zone.minutes.into());
            let local = |at: Time| (at + offset).naive_utc();
            let hour = local(since).with_minute(0).unwrap().with_second(0).unwrap();
            let runs = |at: &NaiveDateTime| {
                *at > local(since) && schedule.hours.0.contains(&at.hour())
            };
            let mut hours = (0..=24).map(|hours| hour + TimeDelta::hours(hours));
            let first = hours.find(runs).unwrap().date();
            prop_assert!(allowed(&schedule, first, local(next)), "{next}");
            prop_assert_eq!(schedule.last_run(since, next), Some(next));
            let before = schedule.last_run(since, next - MOMENT);
            prop_assert!(before.is_none_or(|before| schedule.next_run(since, before) == next));
            prop_assert_eq!(before.is_none(), next == schedule.next_run(since, since));
            let mut between = local(after).with_minute(0).unwrap().with_second(0).unwrap();
            while between < local(next) {
                let skipped = between > local(after) && allowed(&schedule, first, between);
                prop_assert!(!skipped, "{between} was skipped for {}", local(next));
                between += TimeDelta::hours(1);
            }
        }

        #[test]
        fn what_is_read_is_told_alike(schedule in any_schedule()) {
            prop_assert_eq!(Hours::parse(&schedule.hours.to_string()), Some(schedule.hours));
            prop_assert_eq!(Zone::parse(&schedule.zone.to_string()), Some(schedule.zone));
        }
    }
}

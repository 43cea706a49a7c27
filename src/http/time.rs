//! Times as they stand in answers.

use chrono::{DateTime, Datelike as _, NaiveDate, NaiveDateTime, SecondsFormat};

use crate::domain::clock::Time;

/// UTC without a zone, always six digits: `2026-11-23T07:41:05.318204` (gophercloud refuses a zone).
pub(super) fn zoneless(time: Time) -> String {
    let mut text = with_zone(time);
    text.pop();
    text
}

/// UTC without a zone, always three digits, as the backup service writes the times of its tasks.
pub(super) fn millis(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.3f").to_string()
}

/// UTC with six digits and `Z`, as the identity service writes it.
pub(super) fn with_zone(time: Time) -> String {
    time.to_rfc3339_opts(SecondsFormat::Micros, true)
}

/// A moment in one of the usual spellings of ISO 8601: a date, or a date and a time with or without
/// seconds, fraction and zone; without a zone it is UTC.
pub(super) fn read(text: &str) -> Option<Time> {
    let text = text.trim();
    // In a query, `+` is a space.
    let text = match text.rsplit_once(' ') {
        Some((time, zone)) if time.contains(':') => format!("{time}+{zone}"),
        _ => text.to_owned(),
    };
    let text = text.strip_suffix('Z').unwrap_or(&text).replacen(' ', "T", 1);
    let zoned = ["%Y-%m-%dT%H:%M:%S%.f%#z", "%Y-%m-%dT%H:%M%#z"];
    let plain = ["%Y-%m-%dT%H:%M:%S%.f", "%Y-%m-%dT%H:%M", "%Y%m%dT%H%M%S"];
    zoned
        .iter()
        .find_map(|form| DateTime::parse_from_str(&text, form).ok().map(|time| time.to_utc()))
        .or_else(|| {
            plain
                .iter()
                .find_map(|form| NaiveDateTime::parse_from_str(&text, form).ok())
                .or_else(|| {
                    let date = ["%Y-%m-%d", "%Y%m%d"]
                        .iter()
                        .find_map(|form| NaiveDate::parse_from_str(&text, form).ok());
                    date.and_then(|date| date.and_hms_opt(0, 0, 0))
                })
                .map(|time| time.and_utc())
        })
        .filter(|time| (1..=9999).contains(&time.year()))
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn a_moment_is_read_in_its_usual_spellings() {
        let read_back = |text: &str| read(text).map(with_zone);
        for text in [
            "2026-11-01T02:30:00",
            "2026-11-01 02:30:00",
            "2026-11-01T02:30",
            "2026-11-01T02:30:00Z",
            "2026-11-01T02:30:00.000000Z",
            "2026-11-01T04:30:00+02:00",
            "2026-11-01T04:30:00 02:00",
            "2026-11-01T04:30:00+0200",
            "20261101T023000",
        ] {
            assert_eq!(read_back(text).as_deref(), Some("2026-11-01T02:30:00.000000Z"), "{text}");
        }
        let midnight = Some("2026-11-01T00:00:00.000000Z");
        assert_eq!(read_back("2026-11-01").as_deref(), midnight);
        for text in ["", "x", "gt", "2026", "2026-13-01", "2026-11-01T25:00:00", "+10000-01-01"] {
            assert_eq!(read(text), None, "{text}");
        }
    }

    #[test]
    fn all_digits_stand_even_where_they_are_zero() {
        assert_eq!(zoneless(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000");
        assert_eq!(millis(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000");
        assert_eq!(with_zone(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}

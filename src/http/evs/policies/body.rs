//! What the bodies of backup policies say.

use serde_json::{Map, Value};

use super::super::members::whole;
use super::super::tag_lists;
use super::faults;
use crate::domain::policy::{Days, Hours, LONGEST_INTERVAL, Retention, Schedule, Week, Zone};
use crate::domain::tag::{MOST_TAGS, Tags};
use crate::http::call::Call;
use crate::http::error::{ApiError, NativeFault};
use crate::service::policies::{NewPolicy, PolicyChange};

/// The longest name, in characters.
const LONGEST_NAME: usize = 64;

/// How long backups are kept when that is told in days.
const DAYS_KEPT: std::ops::RangeInclusive<i64> = 2..=99_999;

/// What differs between making a policy (VBS "Creating a Backup Policy") and changing it ("Modifying
/// a Backup Policy").
struct Limits {
    interval: i64,
    kept: i64,
    bad_days: NativeFault,
    bad_retention: NativeFault,
}

const CREATE: Limits = Limits {
    interval: LONGEST_INTERVAL,
    kept: 99,
    bad_days: faults::DAYS,
    bad_retention: faults::RETENTION,
};

const MODIFY: Limits = Limits {
    interval: 14,
    kept: 14,
    bad_days: faults::CHANGED_DAYS,
    bad_retention: faults::CHANGED_RETENTION,
};

/// The body, which must be an object that says something, without angle brackets anywhere.
pub(super) fn object(call: &Call) -> Result<Map<String, Value>, ApiError> {
    if !call.has_body() {
        return Err(faults::EMPTY.into());
    }
    let body = match call.json() {
        Ok(Value::Null) => return Err(faults::EMPTY.into()),
        Ok(body) if has_angle(&body) => return Err(faults::ANGLE.into()),
        Ok(Value::Object(members)) => members,
        Ok(_) | Err(ApiError::MalformedBody) => return Err(faults::NOT_JSON.into()),
        Err(other) => return Err(other),
    };
    if body.is_empty() { Err(faults::EMPTY.into()) } else { Ok(body) }
}

fn has_angle(value: &Value) -> bool {
    let angle = |text: &str| text.contains(['<', '>']);
    match value {
        Value::String(text) => angle(text),
        Value::Array(values) => values.iter().any(has_angle),
        Value::Object(members) => members.iter().any(|(key, v)| angle(key) || has_angle(v)),
        Value::Null | Value::Bool(_) | Value::Number(_) => false,
    }
}

/// What a new policy shall be.
pub(in crate::http) fn new_policy(body: &Map<String, Value>) -> Result<NewPolicy, NativeFault> {
    let name = body.get("backup_policy_name").and_then(Value::as_str).ok_or(faults::MISSING)?;
    let name = checked_name(name)?;
    let said = body.get("scheduled_policy").and_then(Value::as_object).ok_or(faults::MISSING)?;
    let zone = zone(body)?.unwrap_or(Zone::UTC);
    let hours = hours(said)?.ok_or(faults::MISSING)?;
    let enabled = enabled(said)?.ok_or(faults::MISSING)?;
    let schedule = Schedule {
        hours,
        enabled,
        keep_first_of_month: keep_first(said)?.unwrap_or(false),
        days: days(said, &CREATE)?.ok_or(faults::DAYS)?,
        retention: retention(said, &CREATE)?.ok_or(faults::RETENTION)?,
        zone,
    };
    Ok(NewPolicy { name, schedule, tags: new_tags(body)? })
}

/// What of a policy shall change.
pub(in crate::http) fn policy_change(
    body: &Map<String, Value>,
) -> Result<PolicyChange, NativeFault> {
    let name = match given(body, "backup_policy_name") {
        Some(name) => Some(checked_name(name.as_str().ok_or(faults::NAME_CHARACTERS)?)?),
        None => None,
    };
    let nothing = Map::new();
    let said = match given(body, "scheduled_policy") {
        None => &nothing,
        Some(said) => {
            let members = said.as_object().filter(|members| !members.is_empty());
            members.ok_or(faults::EMPTY_SCHEDULE)?
        }
    };
    Ok(PolicyChange {
        name,
        hours: hours(said)?,
        days: days(said, &MODIFY)?,
        zone: zone(body)?,
        retention: retention(said, &MODIFY)?,
        keep_first_of_month: keep_first(said)?,
        enabled: enabled(said)?,
    })
}

/// Whether it may begin as it does depends on which policy's it is, so that is not looked at here.
fn checked_name(name: &str) -> Result<String, NativeFault> {
    if !(1..=LONGEST_NAME).contains(&name.chars().count()) {
        return Err(faults::NAME_LENGTH);
    }
    let plain = name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-');
    if plain { Ok(name.to_owned()) } else { Err(faults::NAME_CHARACTERS) }
}

fn zone(body: &Map<String, Value>) -> Result<Option<Zone>, NativeFault> {
    let zone = |zone: &Value| zone.as_str().and_then(Zone::parse).ok_or(faults::TIME_ZONE);
    given(body, "time_zone").map(zone).transpose()
}

fn hours(said: &Map<String, Value>) -> Result<Option<Hours>, NativeFault> {
    let hours = |hours: &Value| hours.as_str().and_then(Hours::parse).ok_or(faults::START_TIME);
    given(said, "start_time").map(hours).transpose()
}

fn enabled(said: &Map<String, Value>) -> Result<Option<bool>, NativeFault> {
    let enabled = |word: &Value| match word.as_str() {
        Some("ON") => Ok(true),
        Some("OFF") => Ok(false),
        _ => Err(faults::STATUS),
    };
    given(said, "status").map(enabled).transpose()
}

fn keep_first(said: &Map<String, Value>) -> Result<Option<bool>, NativeFault> {
    let keep = |word: &Value| match word.as_str() {
        Some("Y") => Ok(true),
        Some("N") => Ok(false),
        _ => Err(faults::KEEP_FIRST),
    };
    given(said, "remain_first_backup_of_curMonth").map(keep).transpose()
}

/// `frequency` wins over `week_frequency`.
fn days(said: &Map<String, Value>, limits: &Limits) -> Result<Option<Days>, NativeFault> {
    let bad = || limits.bad_days.clone();
    if let Some(every) = given(said, "frequency") {
        let every = number(every).filter(|every| (1..=limits.interval).contains(every));
        return Ok(Some(Days::Every(every.ok_or_else(bad)?)));
    }
    let Some(week) = given(said, "week_frequency") else { return Ok(None) };
    let words: Option<Vec<&str>> =
        week.as_array().and_then(|week| week.iter().map(Value::as_str).collect());
    let week = words.and_then(|words| Week::parse(&words.join(","))).ok_or_else(bad)?;
    Ok(Some(Days::Week(week)))
}

/// `rentention_num` (so spelled) wins over `rentention_day`, whose decimals are dropped.
fn retention(said: &Map<String, Value>, limits: &Limits) -> Result<Option<Retention>, NativeFault> {
    let bad = || limits.bad_retention.clone();
    if let Some(count) = given(said, "rentention_num") {
        let count = number(count).filter(|count| (2..=limits.kept).contains(count));
        return Ok(Some(Retention::Count(count.ok_or_else(bad)?)));
    }
    let Some(days) = given(said, "rentention_day") else { return Ok(None) };
    let days = number(days).filter(|days| DAYS_KEPT.contains(days)).ok_or_else(bad)?;
    Ok(Some(Retention::Days(days)))
}

fn new_tags(body: &Map<String, Value>) -> Result<Tags, NativeFault> {
    let Some(listed) = given(body, "tags") else { return Ok(Tags::new()) };
    let tags = tags(listed.as_array().ok_or(faults::TAG)?)?;
    if tags.len() > MOST_TAGS { Err(faults::TOO_MANY_TAGS) } else { Ok(tags) }
}

/// The tags of a list.
pub(super) fn tags(listed: &[Value]) -> Result<Tags, NativeFault> {
    tag_lists::tags(listed, &faults::TAG).map_err(|_| faults::TAG)
}

/// A member that is `null` is like none.
pub(super) fn given<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    members.get(key).filter(|value| !value.is_null())
}

/// A whole number, not its digits; decimals are dropped.
fn number(value: &Value) -> Option<i64> {
    if value.is_number() { whole(value) } else { None }
}

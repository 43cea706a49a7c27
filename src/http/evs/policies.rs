//! Backup policies of VBS and the disks under them (OTC Volume Backup Service, "Backup Policy").

use std::borrow::Cow;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use crate::domain::access::Action;
use crate::domain::policy::{Days, Policy, Retention, Schedule};
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::policies::{Bound, NewPolicy};

macro_rules! faults {
    ($($name:ident = $code:literal, $message:literal;)+) => {
        $(const $name: NativeFault = NativeFault::bad_request($code, $message);)+
    };
}

faults! {
    MISSING = "AutoBackup.0001", "backup_policy_name, scheduled_policy and its start_time and status are required";
    NOT_JSON = "AutoBackup.0008", "The request body is not a JSON object";
    NAME_LENGTH = "AutoBackup.0101", "backup_policy_name must have 1 to 64 characters and not start with default";
    NAME_CHARACTERS = "AutoBackup.0102", "backup_policy_name may have letters, digits, _ and - only";
    START_TIME = "AutoBackup.0103", "start_time must be full hours HH:00, ascending, separated by commas";
    STATUS = "AutoBackup.0104", "status must be ON or OFF";
    KEEP_FIRST = "AutoBackup.0105", "remain_first_backup_of_curMonth must be Y or N";
    DAYS = "AutoBackup.0106", "frequency must be 1 to 30, or week_frequency a list of SUN MON TUE WED THU FRI SAT";
    RETENTION = "AutoBackup.0107", "rentention_num must be 2 to 99, or rentention_day 2 to 99999";
    NO_DISKS = "AutoBackup.0207", "resources must name at least one disk";
    NO_ID = "AutoBackup.0209", "each of resources needs a resource_id";
    KIND = "AutoBackup.0211", "resource_type must be volume";
    POLICY_ID = "AutoBackup.0006", "backup_policy_id is required";
    TIME_ZONE = "AutoBackup.0226", "time_zone must be UTC+hh:mm or UTC-hh:mm, up to 14 hours";
}

const WEEK: [&str; 7] = ["SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT"];

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreatePolicy)?;
    let new = new_policy(&json_object(&call)?)?;
    let policy =
        call.write(move |app| async move { app.create_policy(&caller, new).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"backup_policy_id": policy.id.to_string()})))
}

fn json_object(call: &Call) -> Result<Map<String, Value>, ApiError> {
    match call.json() {
        Ok(Value::Object(members)) => Ok(members),
        Ok(_) | Err(ApiError::MalformedBody) => Err(NOT_JSON.into()),
        Err(other) => Err(other),
    }
}

fn new_policy(body: &Map<String, Value>) -> Result<NewPolicy, NativeFault> {
    let name = body.get("backup_policy_name").and_then(Value::as_str).ok_or(MISSING)?;
    if !(1..=64).contains(&name.chars().count()) || name.starts_with("default") {
        return Err(NAME_LENGTH);
    }
    if !name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-') {
        return Err(NAME_CHARACTERS);
    }
    let schedule = body.get("scheduled_policy").and_then(Value::as_object).ok_or(MISSING)?;
    let time_zone = match body.get("time_zone") {
        None | Some(Value::Null) => "UTC+00:00",
        Some(zone) => zone.as_str().filter(|zone| is_time_zone(zone)).ok_or(TIME_ZONE)?,
    };
    Ok(NewPolicy {
        name: name.to_owned(),
        schedule: new_schedule(schedule)?,
        time_zone: time_zone.to_owned(),
    })
}

fn new_schedule(schedule: &Map<String, Value>) -> Result<Schedule, NativeFault> {
    let start_time = schedule.get("start_time").ok_or(MISSING)?;
    let start_time = start_time.as_str().filter(|hours| is_hours(hours)).ok_or(START_TIME)?;
    let enabled = match schedule.get("status").ok_or(MISSING)?.as_str() {
        Some("ON") => true,
        Some("OFF") => false,
        _ => return Err(STATUS),
    };
    let keep_first_of_month = match schedule.get("remain_first_backup_of_curMonth") {
        None | Some(Value::Null) => false,
        Some(word) => match word.as_str() {
            Some("Y") => true,
            Some("N") => false,
            _ => return Err(KEEP_FIRST),
        },
    };
    Ok(Schedule {
        start_time: start_time.to_owned(),
        days: days(schedule)?,
        retention: retention(schedule)?,
        keep_first_of_month,
        enabled,
    })
}

/// `frequency` wins over `week_frequency`.
fn days(schedule: &Map<String, Value>) -> Result<Days, NativeFault> {
    if let Some(every) = given(schedule, "frequency") {
        let every = whole(every).filter(|every| (1..=30).contains(every));
        return Ok(Days::Every(every.ok_or(DAYS)?));
    }
    let week = given(schedule, "week_frequency").and_then(Value::as_array).ok_or(DAYS)?;
    let mut days = Vec::new();
    for day in week {
        days.push(day.as_str().filter(|day| WEEK.contains(day)).ok_or(DAYS)?);
    }
    if days.is_empty() { Err(DAYS) } else { Ok(Days::Week(days.join(","))) }
}

/// `rentention_num` (so spelled) wins over `rentention_day`, whose decimals are dropped.
fn retention(schedule: &Map<String, Value>) -> Result<Retention, NativeFault> {
    if let Some(count) = given(schedule, "rentention_num") {
        let count = whole(count).filter(|count| (2..=99).contains(count));
        return Ok(Retention::Count(count.ok_or(RETENTION)?));
    }
    let days = given(schedule, "rentention_day").and_then(whole);
    let days = days.filter(|days| (2..=99_999).contains(days));
    Ok(Retention::Days(days.ok_or(RETENTION)?))
}

fn given<'a>(members: &'a Map<String, Value>, key: &str) -> Option<&'a Value> {
    members.get(key).filter(|value| !value.is_null())
}

/// A whole number; decimals are dropped.
fn whole(value: &Value) -> Option<i64> {
    value.as_i64().or_else(|| value.to_string().split_once('.')?.0.parse().ok())
}

fn is_hours(text: &str) -> bool {
    let hours: Option<Vec<u32>> = text
        .split(',')
        .map(|time| {
            let (hour, minute) = time.trim().split_once(':')?;
            let hour = two_digits(hour).filter(|hour| *hour < 24)?;
            (minute == "00").then_some(hour)
        })
        .collect();
    hours.is_some_and(|hours| hours.is_sorted_by(|a, b| a < b))
}

fn is_time_zone(text: &str) -> bool {
    let offset = text.strip_prefix("UTC+").or_else(|| text.strip_prefix("UTC-"));
    offset.and_then(|offset| offset.split_once(':')).is_some_and(|(hours, minutes)| {
        let up_to = |digits: &str, most: u32| two_digits(digits).is_some_and(|n| n <= most);
        up_to(hours, 14) && up_to(minutes, 59)
    })
}

/// Exactly two digits: `parse` alone would take `+2` too.
fn two_digits(text: &str) -> Option<u32> {
    let plain = text.len() == 2 && text.bytes().all(|b| b.is_ascii_digit());
    if plain { text.parse().ok() } else { None }
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListPolicies)?;
    let policies: Vec<Value> = call.app().policies(&caller).await?.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"backup_policies": policies})))
}

/// Ours: VBS documents no way to show one policy.
pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicy)?;
    let (policy, _) = call.app().policy(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(view(&policy)))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeletePolicy)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_policy(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Ours: `?policy_id=` lists the disks under a policy, which VBS documents no way to ask for.
pub(in crate::http) async fn bound(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicy)?;
    let id = call.query("policy_id").ok_or(POLICY_ID)?;
    let (policy, disks) = call.app().policy(&caller, id).await?;
    let resources: Vec<Value> = disks
        .iter()
        .map(|disk| json!({"resource_id": disk.to_string(), "resource_type": "volume"}))
        .collect();
    Ok(HttpResponse::Ok().json(json!({
        "backup_policy_id": policy.id.to_string(),
        "resources": resources,
    })))
}

pub(in crate::http) async fn bind(call: Call) -> Answer {
    let caller = call.may(Action::BindPolicy)?;
    let body = json_object(&call)?;
    let policy = body.get("backup_policy_id").and_then(Value::as_str).ok_or(POLICY_ID)?.to_owned();
    let disks = resources(&body, true)?;
    let results = call
        .write(move |app| async move { app.bind_disks(&caller, &policy, &disks).await })
        .await?;
    Ok(HttpResponse::Ok().json(outcome(&results, true)))
}

pub(in crate::http) async fn unbind(call: Call) -> Answer {
    let caller = call.may(Action::UnbindPolicy)?;
    let disks = resources(&json_object(&call)?, false)?;
    let policy = call.part("id").to_owned();
    let results = call
        .write(move |app| async move { app.unbind_disks(&caller, &policy, &disks).await })
        .await?;
    Ok(HttpResponse::Ok().json(outcome(&results, false)))
}

fn resources(body: &Map<String, Value>, with_kind: bool) -> Result<Vec<String>, NativeFault> {
    let resources = body.get("resources").and_then(Value::as_array).ok_or(NO_DISKS)?;
    if resources.is_empty() {
        return Err(NO_DISKS);
    }
    let id = |resource: &Value| {
        let kind = resource.get("resource_type");
        if kind.is_some_and(|kind| kind != "volume") || (kind.is_none() && with_kind) {
            return Err(KIND);
        }
        let id = resource.get("resource_id").and_then(Value::as_str);
        id.filter(|id| !id.is_empty()).map(str::to_owned).ok_or(NO_ID)
    };
    resources.iter().map(id).collect()
}

/// Every failed disk carries a `code`: that is how otcextensions tells it from a bound one.
fn outcome(results: &[Bound], with_place: bool) -> Value {
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        let (id, failure): (String, Option<(&str, Cow<'_, str>)>) = match result {
            Bound::Done(disk) => (disk.id.to_string(), None),
            Bound::NoDisk(id) => (
                id.clone(),
                Some(("AutoBackup.1400", "The resource to be associated is invalid.".into())),
            ),
            Bound::Status(wrong) => (
                wrong.disk.to_string(),
                Some((
                    "AutoBackup.0206",
                    format!("The disk status {} forbids it.", wrong.status).into(),
                )),
            ),
            Bound::NotBound(id) => (
                id.clone(),
                Some(("AutoBackup.1400", "The disk is not bound to this policy.".into())),
            ),
        };
        let mut element = json!({"resource_id": id, "resource_type": "volume"});
        if let Some(members) = element.as_object_mut() {
            if with_place {
                let (zone, host) = match result {
                    Bound::Done(disk) => (json!(disk.zone), json!(format!("pod01.{}", disk.zone))),
                    Bound::NoDisk(_) | Bound::Status(_) | Bound::NotBound(_) => {
                        (Value::Null, Value::Null)
                    }
                };
                members.insert("availability_zone".to_owned(), zone);
                members.insert("os_vol_host_attr".to_owned(), host);
            }
            if let Some((code, message)) = &failure {
                members.insert("code".to_owned(), (*code).into());
                members.insert("message".to_owned(), message.as_ref().into());
            }
        }
        if failure.is_none() { successes.push(element) } else { failures.push(element) }
    }
    json!({"success_resources": successes, "fail_resources": failures})
}

fn view(policy: &Policy) -> Value {
    let schedule = &policy.schedule;
    let mut scheduled = json!({"start_time": schedule.start_time});
    if let Some(members) = scheduled.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        match &schedule.days {
            Days::Every(days) => add("frequency", (*days).into()),
            Days::Week(days) => add("week_frequency", days.split(',').collect()),
        };
        match schedule.retention {
            Retention::Count(count) => add("rentention_num", count.into()),
            Retention::Days(days) => add("rentention_day", days.into()),
        };
        let keep = if schedule.keep_first_of_month { "Y" } else { "N" };
        add("remain_first_backup_of_curMonth", keep.into());
        add("status", if schedule.enabled { "ON" } else { "OFF" }.into());
    }
    json!({
        "backup_policy_id": policy.id.to_string(),
        "backup_policy_name": policy.name,
        "scheduled_policy": scheduled,
        "policy_resource_count": policy.disks,
        "time_zone": policy.time_zone,
    })
}

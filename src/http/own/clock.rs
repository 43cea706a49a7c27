//! `/_evs/clock`: the clock that people steer.

use actix_web::HttpResponse;
use chrono::{SubsecRound as _, TimeDelta};
use serde_json::{Map, Value, json};

use super::call::OwnCall;
use super::progress::finished_view;
use crate::domain::access::Action;
use crate::domain::clock::{ClockReading, Scale};
use crate::http::call::Answer;
use crate::http::error::ApiError;
use crate::http::fields::Fields;
use crate::http::time;
use crate::service::clock::{ClockChange, ClockChanged, mode};

/// What a change may be: one of these.
const CHANGES: [&str; 6] = ["freeze", "run", "set", "advance_s", "scale", "reset"];

/// The longest step: beyond the end of time from wherever the clock may stand.
const LONGEST_MS: i64 = 300_000_000_000_000;

/// What the clock shows.
pub(in crate::http) async fn show(call: OwnCall) -> Answer {
    call.may(Action::ShowClock)?;
    Ok(HttpResponse::Ok().json(reading_view(&call.app().clock())))
}

/// Freezes the clock, lets it run, sets it ahead or changes its speed; what is answered says what it
/// shows and what became due on the way.
pub(in crate::http) async fn change(call: OwnCall) -> Answer {
    let caller = call.may(Action::ChangeClock)?;
    let change = wanted(&call.any_json()?)?;
    let changed =
        call.write(move |app| async move { app.change_clock(&caller, change).await }).await?;
    Ok(HttpResponse::Ok().json(changed_view(&changed)))
}

pub(in crate::http) fn wanted(body: &Value) -> Result<ClockChange, ApiError> {
    let wanted = Fields::top(body)?;
    wanted.no_others(&CHANGES)?;
    let mut names = wanted.keys();
    let (Some(name), None) = (names.next(), names.next()) else {
        return Err(wanted.wrong(&format!("exactly one of {} is required", CHANGES.join(", "))));
    };
    match name.as_str() {
        "freeze" => truly(&wanted, name).map(|()| ClockChange::Freeze),
        "run" => truly(&wanted, name).map(|()| ClockChange::Run),
        "reset" => truly(&wanted, name).map(|()| ClockChange::Reset),
        "set" => {
            let moment = time::read(wanted.required_text(name)?);
            let rule = |value: &str| format!("{value} is not a 'date-time'");
            let moment = moment.ok_or_else(|| wanted.wrong_value(name, rule))?;
            Ok(ClockChange::Set(moment.trunc_subsecs(6)))
        }
        "advance_s" => {
            let by_ms = thousandths(&wanted, name, 0, LONGEST_MS)?;
            Ok(ClockChange::Advance(TimeDelta::milliseconds(by_ms)))
        }
        _ => {
            let [least, most] = [Scale::SLOWEST, Scale::FASTEST].map(Scale::thousandths);
            let scale = Scale::of_thousandths(thousandths(&wanted, name, least, most)?);
            scale.map(ClockChange::Scale).ok_or_else(|| wanted.wrong_type(name, "'number'"))
        }
    }
}

/// The members without a value of their own say `true`.
fn truly(wanted: &Fields<'_>, name: &str) -> Result<(), ApiError> {
    if wanted.get(name) == Some(&Value::Bool(true)) {
        return Ok(());
    }
    Err(wanted.wrong_value(name, |value| format!("{value} is not one of [True]")))
}

/// A number from `least` to `most` with at most three decimals, all counted in thousandths. Read from
/// its digits: what a fraction is rounded to is nobody's wish.
fn thousandths(wanted: &Fields<'_>, name: &str, least: i64, most: i64) -> Result<i64, ApiError> {
    let wrong = |rule: String| wanted.wrong_value(name, |value| format!("{value} {rule}"));
    let Value::Number(number) = wanted.required(name)? else {
        return Err(wanted.wrong_type(name, "'number'"));
    };
    let text = number.to_string();
    let (sign, digits) = text.strip_prefix('-').map_or((1, text.as_str()), |rest| (-1, rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    // What is very small or very large is spelled with an exponent.
    if fraction.trim_end_matches('0').len() > 3 || digits.contains("e-") {
        return Err(wrong("is not a multiple of 0.001".to_owned()));
    }
    let parsed = format!("{whole}{fraction:0<3.3}").parse::<i64>();
    let found = parsed.unwrap_or(i64::MAX).saturating_mul(sign);
    if found < least {
        let least = if least == 0 { "0" } else { "0.001" };
        return Err(wrong(format!("is less than the minimum of {least}")));
    }
    if found > most {
        return Err(wrong(format!("is greater than the maximum of {}", most / 1000)));
    }
    Ok(found)
}

fn reading_view(reading: &ClockReading) -> Map<String, Value> {
    let ClockReading { now, real, setting } = *reading;
    let scale = setting.map_or(Scale::ONE, |setting| setting.scale);
    let members = [
        ("now", json!(time::with_zone(now))),
        ("real_now", json!(time::with_zone(real))),
        ("mode", json!(mode(setting))),
        ("scale", scale_view(scale)),
    ];
    members.map(|(name, value)| (name.to_owned(), value)).into_iter().collect()
}

fn changed_view(changed: &ClockChanged) -> Map<String, Value> {
    let mut view = reading_view(&changed.reading);
    let finished = changed.finished.iter().map(|(at, finished)| {
        let mut line = Map::from_iter([("at".to_owned(), json!(time::with_zone(*at)))]);
        if let Value::Object(members) = finished_view(finished) {
            line.extend(members);
        }
        Value::Object(line)
    });
    view.insert("finished".to_owned(), finished.collect());
    view.insert("finished_count".to_owned(), json!(changed.count));
    view.insert("complete".to_owned(), json!(changed.rest.is_none()));
    if let Some(target) = changed.rest {
        view.insert("target".to_owned(), json!(time::with_zone(target)));
    }
    view
}

/// A scale as it was given: a whole number without decimals.
fn scale_view(scale: Scale) -> Value {
    serde_json::from_str(&scale.to_string()).unwrap_or_default()
}

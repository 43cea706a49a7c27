//! Backup policies of VBS and the disks under them (OTC Volume Backup Service, "Backup Policy").

mod bindings;
pub(in crate::http) mod body;
mod faults;
mod tags;
mod tasks;

use actix_web::HttpResponse;
use serde_json::{Value, json};

use crate::domain::access::Action;
use crate::domain::policy::{Days, Policy, Retention};
use crate::http::call::{Answer, Call};

pub(in crate::http) use bindings::{bind, bound, unbind};
pub(in crate::http) use faults::refusal;
pub(in crate::http) use tags::{
    add as add_tag, change as change_tags, list as list_tags, list_all as list_all_tags,
    remove as remove_tag, search,
};
pub(in crate::http) use tasks::{list as list_tasks, run};

pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreatePolicy)?;
    let new = body::new_policy(&body::object(&call)?)?;
    let policy =
        call.write(move |app| async move { app.create_policy(&caller, new).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"backup_policy_id": policy.id.to_string()})))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ListPolicies)?;
    let policies: Vec<Value> = call.app().policies(&caller).await?.iter().map(view).collect();
    Ok(HttpResponse::Ok().json(json!({"backup_policies": policies})))
}

/// Ours: VBS documents no way to show one policy.
pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicy)?;
    let found = call.app().policy(&caller, call.part("id")).await;
    let (policy, _) = found.map_err(faults::queried)?;
    Ok(HttpResponse::Ok().json(view(&policy)))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdatePolicy)?;
    let change = body::policy_change(&body::object(&call)?)?;
    let id = call.part("id").to_owned();
    let policy =
        call.write(move |app| async move { app.update_policy(&caller, &id, change).await }).await?;
    Ok(HttpResponse::Ok().json(json!({"backup_policy_id": policy.id.to_string()})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeletePolicy)?;
    let id = call.part("id").to_owned();
    call.write(move |app| async move { app.delete_policy(&caller, &id).await }).await?;
    Ok(HttpResponse::NoContent().finish())
}

fn view(policy: &Policy) -> Value {
    let schedule = &policy.schedule;
    let mut scheduled = json!({"start_time": schedule.hours.to_string()});
    if let Some(members) = scheduled.as_object_mut() {
        let mut add = |name: &str, value: Value| members.insert(name.to_owned(), value);
        match &schedule.days {
            Days::Every(days) => add("frequency", (*days).into()),
            Days::Week(week) => add("week_frequency", week.words().collect()),
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
        "time_zone": schedule.zone.to_string(),
    })
}

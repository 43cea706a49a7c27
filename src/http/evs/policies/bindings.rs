//! Which disks are under which policy.

use std::borrow::Cow;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::{body, faults};
use crate::domain::access::Action;
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;
use crate::service::policies::{Bound, MOST_DISKS};

/// Ours: `?policy_id=` lists the disks under a policy, which VBS documents no way to ask for.
pub(in crate::http) async fn bound(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicy)?;
    let id = call.query("policy_id").ok_or(faults::POLICY_ID)?;
    let (policy, disks) = call.app().policy(&caller, id).await.map_err(faults::queried)?;
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
    let body = body::object(&call)?;
    let policy = body.get("backup_policy_id").and_then(Value::as_str);
    let policy = policy.filter(|id| !id.is_empty()).ok_or(faults::POLICY_ID)?.to_owned();
    let disks = resources(&body, true)?;
    let results = call
        .write(move |app| async move { app.bind_disks(&caller, &policy, &disks).await })
        .await?;
    Ok(HttpResponse::Ok().json(outcome(&results, true)))
}

pub(in crate::http) async fn unbind(call: Call) -> Answer {
    let caller = call.may(Action::UnbindPolicy)?;
    let disks = resources(&body::object(&call)?, false)?;
    let policy = call.part("id").to_owned();
    let results = call
        .write(move |app| async move { app.unbind_disks(&caller, &policy, &disks).await })
        .await?;
    Ok(HttpResponse::Ok().json(outcome(&results, false)))
}

fn resources(body: &Map<String, Value>, with_kind: bool) -> Result<Vec<String>, NativeFault> {
    let resources = body.get("resources").and_then(Value::as_array).ok_or(faults::NO_DISKS)?;
    if resources.is_empty() {
        return Err(faults::NO_DISKS);
    }
    let id = |resource: &Value| {
        let kind = resource.get("resource_type");
        if kind.is_some_and(|kind| kind != "volume") || (kind.is_none() && with_kind) {
            return Err(faults::KIND);
        }
        let id = resource.get("resource_id").and_then(Value::as_str);
        id.filter(|id| !id.is_empty()).map(str::to_owned).ok_or(faults::NO_ID)
    };
    resources.iter().map(id).collect()
}

/// Every failed disk carries a `code`: that is how otcextensions tells it from a bound one.
fn outcome(results: &[Bound], with_place: bool) -> Value {
    let (mut successes, mut failures) = (Vec::new(), Vec::new());
    for result in results {
        let (id, failure) = told(result);
        let mut element = json!({"resource_id": id, "resource_type": "volume"});
        if let Some(members) = element.as_object_mut() {
            if with_place {
                let zone = if let Bound::Done(disk) = result { Some(&disk.zone) } else { None };
                let host = zone.map(|zone| format!("pod01.{zone}"));
                members.insert("availability_zone".to_owned(), json!(zone));
                members.insert("os_vol_host_attr".to_owned(), json!(host));
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

/// The disk, and the code and sentence of what is wrong with it. Disks of HANA, which have a code of
/// their own (`AutoBackup.0210`), are not told from others here.
fn told(result: &Bound) -> (String, Option<(&'static str, Cow<'static, str>)>) {
    match result {
        Bound::Done(disk) => (disk.id.to_string(), None),
        Bound::NoDisk(id) => (
            id.clone(),
            Some(("AutoBackup.1400", "The resource to be associated is invalid.".into())),
        ),
        Bound::Status(wrong) => {
            let message = format!("The disk status {} forbids it.", wrong.status);
            (wrong.disk.to_string(), Some(("AutoBackup.0206", message.into())))
        }
        Bound::Dedicated(disk) => {
            let message = "Disks on dedicated storage cannot be associated with a backup policy.";
            (disk.to_string(), Some(("AutoBackup.0220", message.into())))
        }
        Bound::Full(disk) => {
            let message = format!("A backup policy has at most {MOST_DISKS} disks.");
            (disk.to_string(), Some(("AutoBackup.0204", message.into())))
        }
        Bound::NotBound(id) => {
            (id.clone(), Some(("AutoBackup.1400", "The disk is not bound to this policy.".into())))
        }
    }
}

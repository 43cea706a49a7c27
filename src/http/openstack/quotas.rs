//! `os-quota-sets`, `os-quota-class-sets` and `limits`: what a project may have and has.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use crate::domain::access::{Action, Role};
use crate::domain::ids::ProjectId;
use crate::domain::quota::{Limits, Quota, UNLIMITED};
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::fields::{Fields, truth};
use crate::service::quotas::QUOTA_CLASS;

/// A project sees its own quota, an admin every one.
fn target(call: &Call) -> Result<ProjectId, ApiError> {
    let caller = call.may(Action::ShowQuota)?;
    let target = ProjectId::new(call.part("target"));
    if target == caller.project || caller.role == Role::Admin {
        Ok(target)
    } else {
        Err(ApiError::Forbidden(Action::ShowQuota))
    }
}

pub(in crate::http) async fn show(call: Call) -> Answer {
    let target = target(&call)?;
    let with_usage = match call.query("usage") {
        None => false,
        Some(text) => truth(text).ok_or_else(|| {
            ApiError::Query(format!(
                "Invalid input received: usage must be a boolean, not '{text}'"
            ))
        })?,
    };
    let (keys, quota) = (call.app().quota_keys().await?, call.app().quota(&target).await?);
    let mut set = quota_set(&keys, |key| {
        let limit = quota.limits.of(key);
        if with_usage {
            json!({"limit": limit, "in_use": quota.usage.of(key), "reserved": 0})
        } else {
            limit.into()
        }
    });
    set.insert("id".to_owned(), target.as_str().into());
    Ok(HttpResponse::Ok().json(json!({"quota_set": set})))
}

/// The limits of a project that has none of its own.
pub(in crate::http) async fn defaults(call: Call) -> Answer {
    let target = target(&call)?;
    let (keys, limits) = (call.app().quota_keys().await?, call.app().default_limits().await?);
    let mut set = quota_set(&keys, |key| limits.of(key).into());
    set.insert("id".to_owned(), target.as_str().into());
    Ok(HttpResponse::Ok().json(json!({"quota_set": set})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteQuota)?;
    let target = ProjectId::new(call.part("target"));
    call.write(move |app| async move { app.reset_limits(&caller, &target).await }).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Any class is shown as `default`, which is the only one (as Cinder does).
pub(in crate::http) async fn show_class(call: Call) -> Answer {
    call.may(Action::ShowQuotaClass)?;
    let (keys, limits) = (call.app().quota_keys().await?, call.app().default_limits().await?);
    let mut set = quota_set(&keys, |key| limits.of(key).into());
    set.insert("id".to_owned(), call.part("class").into());
    Ok(HttpResponse::Ok().json(json!({"quota_class_set": set})))
}

pub(in crate::http) async fn update_class(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQuotaClass)?;
    let keys = call.app().quota_keys().await?;
    let limits = limits(&call.json()?, "quota_class_set", &keys)?;
    if call.part("class") != QUOTA_CLASS {
        return Err(ApiError::NoRoute);
    }
    let limits: Limits =
        call.write(move |app| async move { app.set_default_limits(&caller, limits).await }).await?;
    let set = quota_set(&keys, |key| limits.of(key).into());
    Ok(HttpResponse::Ok().json(json!({"quota_class_set": set})))
}

/// One's limits and what is used of them, under the names of the compute API.
pub(in crate::http) async fn limits_and_usage(call: Call) -> Answer {
    let caller = call.may(Action::ShowLimits)?;
    let project = match call.query("project_id").filter(|_| caller.role == Role::Admin) {
        Some(other) => ProjectId::new(other),
        None => caller.project,
    };
    let quota = call.app().quota(&project).await?;
    let mut absolute = Map::new();
    for (key, most, used) in [
        ("volumes", "maxTotalVolumes", "totalVolumesUsed"),
        ("gigabytes", "maxTotalVolumeGigabytes", "totalGigabytesUsed"),
        ("snapshots", "maxTotalSnapshots", "totalSnapshotsUsed"),
        ("backups", "maxTotalBackups", "totalBackupsUsed"),
        ("backup_gigabytes", "maxTotalBackupGigabytes", "totalBackupGigabytesUsed"),
    ] {
        absolute.insert(most.to_owned(), quota.limits.of(key).into());
        absolute.insert(used.to_owned(), quota.usage.of(key).into());
    }
    Ok(HttpResponse::Ok().json(json!({"limits": {"rate": [], "absolute": absolute}})))
}

pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateQuota)?;
    let target = call.part("target").to_owned();
    let keys = call.app().quota_keys().await?;
    let limits = limits(&call.json()?, "quota_set", &keys)?;
    if !ProjectId::is_well_formed(&target) {
        return Err(ApiError::NoRoute);
    }
    let quota: Quota =
        call.write(move |app| async move {
            app.set_limits(&caller, &ProjectId::new(target), limits).await
        })
        .await?;
    let set = quota_set(&keys, |key| quota.limits.of(key).into());
    Ok(HttpResponse::Ok().json(json!({"quota_set": set})))
}

pub(in crate::http) fn limits(
    body: &Value,
    name: &str,
    keys: &[String],
) -> Result<BTreeMap<String, i64>, ApiError> {
    let set = Fields::only(body, name)?;
    let mut limits = BTreeMap::new();
    for key in set.keys().filter(|key| *key != "tenant_id") {
        if !keys.contains(key) {
            return Err(ApiError::Schema(format!(
                "Invalid input received: Bad key(s) in quota set: {key}"
            )));
        }
        let unlimited = match set.get(key) {
            Some(Value::String(text)) => text == "-1",
            Some(Value::Number(number)) => number.as_i64() == Some(UNLIMITED),
            Some(Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_)) | None => false,
        };
        let limit = if unlimited { UNLIMITED } else { set.required_number(key, UNLIMITED)? };
        limits.insert(key.clone(), limit);
    }
    Ok(limits)
}

fn quota_set(keys: &[String], value: impl Fn(&str) -> Value) -> Map<String, Value> {
    keys.iter().map(|key| (key.clone(), value(key))).collect()
}

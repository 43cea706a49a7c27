//! `os-vendor-tags`, the deprecated form of tags (OTC "EVS API Reference", "Tag Management"): of
//! disks only, since nothing else has tags here.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::cloudvolumes::{disk_id, view};
use super::members::{Members, body, dictionary};
use super::refusals::native;
use super::{codes, tags};
use crate::domain::access::{Action, Caller};
use crate::domain::cloud_disk::{CloudCondition, CloudFilter, CloudQuery, CloudSort};
use crate::domain::page::{Direction, LARGEST_PAGE, Paging};
use crate::domain::tag::{TagChange, Tags};
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::ServiceError;

/// Who asks, if that may do this, about disks.
fn caller(call: &Call, action: Action) -> Result<Caller, ApiError> {
    let caller = call.may(action)?;
    if call.part("type") == "volumes" { Ok(caller) } else { Err(ApiError::NoRoute) }
}

async fn changed(call: &Call, caller: Caller, change: TagChange) -> Result<Tags, ApiError> {
    let id = disk_id(call)?;
    call.write(move |app| async move { app.change_tags(&caller, &id, change).await })
        .await
        .map_err(native)
}

pub(in crate::http) async fn list_all(call: Call) -> Answer {
    let caller = caller(&call, Action::ListTags)?;
    Ok(HttpResponse::Ok().json(json!({"tags": call.app().project_tags(&caller).await?})))
}

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = caller(&call, Action::ShowTags)?;
    let cloud = call.app().cloud_disk(&caller, &disk_id(&call)?).await?;
    Ok(HttpResponse::Ok().json(json!({"tags": cloud.tags})))
}

/// Adds tags, or gives those that are there new values; the answer has all.
pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = caller(&call, Action::CreateTags)?;
    let change = TagChange::Add(tags_in(&body(&call)?)?);
    Ok(HttpResponse::Ok().json(json!({"tags": changed(&call, caller, change).await?})))
}

pub(in crate::http) async fn replace(call: Call) -> Answer {
    let caller = caller(&call, Action::UpdateTags)?;
    let change = TagChange::Replace(tags_in(&body(&call)?)?);
    Ok(HttpResponse::Ok().json(json!({"tags": changed(&call, caller, change).await?})))
}

pub(in crate::http) fn tags_in(asked: &Value) -> Result<Tags, NativeFault> {
    let top = Members::of(asked, codes::BODY)?;
    tags::tags_of(top.get("tags").ok_or(codes::BODY)?)
}

/// Removes several tags by their keys.
pub(in crate::http) async fn action(call: Call) -> Answer {
    let caller = caller(&call, Action::DeleteTags)?;
    let asked = body(&call)?;
    let top = Members::of(&asked, codes::BODY)?;
    let tags = Members::of(top.get("os-delete_tags").ok_or(codes::BODY)?, codes::TAG)?;
    let keys = tags.iter().map(|(key, _)| key.clone()).collect();
    changed(&call, caller, TagChange::Remove(keys)).await?;
    Ok(HttpResponse::Ok().finish())
}

pub(in crate::http) async fn show_one(call: Call) -> Answer {
    let caller = caller(&call, Action::ShowTags)?;
    let (id, key) = (disk_id(&call)?, call.part("key"));
    let cloud = call.app().cloud_disk(&caller, &id).await?;
    let value = cloud.tags.get(key).ok_or(ServiceError::NoTag(cloud.disk.id))?;
    Ok(HttpResponse::Ok().json(json!({"tag": {key: value}})))
}

/// Gives one tag a value; the body has that one key and no other.
pub(in crate::http) async fn update_one(call: Call) -> Answer {
    let caller = caller(&call, Action::UpdateTags)?;
    let asked = body(&call)?;
    let top = Members::of(&asked, codes::BODY)?;
    let tags = tags::tags_of(top.get("tag").ok_or(codes::BODY)?)?;
    let key = call.part("key").to_owned();
    if tags.len() != 1 || !tags.contains_key(&key) {
        return Err(codes::KEY_MISMATCH.into());
    }
    let after = changed(&call, caller, TagChange::Add(tags)).await?;
    let value = after.get(&key);
    Ok(HttpResponse::Ok().json(json!({"tag": {key: value}})))
}

pub(in crate::http) async fn delete_one(call: Call) -> Answer {
    let caller = caller(&call, Action::DeleteTags)?;
    let key = call.part("key").to_owned();
    changed(&call, caller, TagChange::RemoveOne(key)).await?;
    Ok(HttpResponse::Ok().finish())
}

/// Disks by their tags: `tags` have all, `tags_any` one, and `not_tags` and `not_tags_any` the
/// contrary of each tag in them.
pub(in crate::http) async fn search(call: Call) -> Answer {
    let caller = caller(&call, Action::SearchTags)?;
    let query = CloudQuery {
        filter: CloudFilter { project: caller.project.clone(), conditions: conditions(&call)? },
        page: Paging {
            limit: LARGEST_PAGE,
            offset: 0,
            marker: None,
            sort: vec![(CloudSort::CreatedAt, Direction::Descending)],
        },
    };
    let total = call.app().count_cloud_disks(&query.filter).await?;
    let disks = call.app().cloud_disks(&caller, query).await?;
    let resources: Vec<Value> = disks
        .iter()
        .map(|cloud| {
            json!({
                "resource_id": cloud.disk.id.to_string(),
                "resource_name": cloud.disk.name,
                "resource_detail": view(&call, cloud),
                "tags": cloud.tags,
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"total_count": total, "resources": resources})))
}

fn conditions(call: &Call) -> Result<Vec<CloudCondition>, NativeFault> {
    let mut all = wanted(call, "tags", CloudCondition::Tag)?;
    all.extend(wanted(call, "not_tags", CloudCondition::NotTag)?);
    for (name, condition) in [
        ("tags_any", CloudCondition::Tag as fn(String, Vec<String>) -> CloudCondition),
        ("not_tags_any", CloudCondition::NotTag),
    ] {
        let any = wanted(call, name, condition)?;
        if !any.is_empty() {
            all.push(CloudCondition::Any(any));
        }
    }
    Ok(all)
}

fn wanted(
    call: &Call,
    name: &str,
    condition: fn(String, Vec<String>) -> CloudCondition,
) -> Result<Vec<CloudCondition>, NativeFault> {
    let Some(text) = call.query(name).filter(|text| !text.is_empty()) else {
        return Ok(Vec::new());
    };
    let one = |(key, values): (String, Value)| {
        let values = values.as_array().ok_or(codes::TAG)?;
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        Ok(condition(key, texts.ok_or(codes::TAG)?))
    };
    dictionary(text).ok_or(codes::TAG)?.into_iter().map(one).collect()
}

//! Tags of disks, and disks by their tags (OTC "EVS API Reference", "Tag Management").

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::cloudvolumes::{disk_id, service_type, view};
use super::members::{Members, body, whole};
use super::refusals::native;
use super::{codes, tag_lists};
use crate::domain::access::{Action, Caller};
use crate::domain::cloud_disk::{CloudCondition, CloudFilter, CloudQuery, CloudSort};
use crate::domain::ids::DiskId;
use crate::domain::page::{Direction, LARGEST_PAGE, Paging};
use crate::domain::tag::{self, MOST_TAGS, TagChange, Tags};
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;

/// The longest value that a search matches, in characters.
const LONGEST_MATCH: usize = 255;

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ShowTags)?;
    let cloud = call.app().cloud_disk(&caller, &disk_id(&call)?).await?;
    Ok(HttpResponse::Ok().json(json!({"tags": tag_lists::pairs(&cloud.tags)})))
}

/// Adds tags or removes some; who may do the one may do the other.
pub(in crate::http) async fn change(call: Call) -> Answer {
    let caller = call.may(Action::CreateTags)?;
    let id = disk_id(&call)?;
    let change = tag_change(&body(&call)?)?;
    call.write(move |app| async move { app.change_tags(&caller, &id, change).await })
        .await
        .map_err(native)?;
    Ok(HttpResponse::NoContent().finish())
}

pub(in crate::http) fn tag_change(asked: &Value) -> Result<TagChange, NativeFault> {
    let top = Members::of(asked, codes::BODY)?;
    let listed = top.list("tags")?;
    if listed.is_empty() {
        return Err(codes::TAG);
    }
    match top.text("action")? {
        Some("create") => Ok(TagChange::Add(tag_lists::tags(listed, &codes::TAG)?)),
        Some("delete") => Ok(TagChange::Remove(tag_lists::keys(listed, &codes::TAG)?)),
        _ => Err(codes::BODY),
    }
}

/// An object of keys and values.
pub(super) fn tags_of(value: &Value) -> Result<Tags, NativeFault> {
    let members = Members::of(value, codes::TAG)?;
    let mut tags = Tags::new();
    for (key, value) in members.iter() {
        let value = value.as_str().ok_or(codes::TAG)?;
        tag::check(key, value).map_err(|_| codes::TAG)?;
        tags.insert(key.clone(), value.to_owned());
    }
    if tags.len() > MOST_TAGS { Err(codes::TOO_MANY_TAGS) } else { Ok(tags) }
}

/// Every tag of the project's disks.
pub(in crate::http) async fn list_all(call: Call) -> Answer {
    let caller = call.may(Action::ListTags)?;
    Ok(HttpResponse::Ok().json(json!({"tags": call.app().project_tags(&caller).await?})))
}

/// Disks by their tags, or only how many there are.
pub(in crate::http) async fn search(call: Call) -> Answer {
    let caller = call.may(Action::SearchTags)?;
    let (query, counts_only) = search_query(&body(&call)?, &caller)?;
    let total = call.app().count_cloud_disks(&query.filter).await?;
    if counts_only {
        return Ok(HttpResponse::Ok().json(json!({"total_count": total})));
    }
    let disks = call.app().cloud_disks(&caller, query).await?;
    let resources: Vec<Value> = disks
        .iter()
        .map(|cloud| {
            json!({
                "resource_id": cloud.disk.id.to_string(),
                "resource_name": cloud.disk.name,
                "resource_detail": view(&call, cloud),
                "tags": tag_lists::pairs(&cloud.tags),
            })
        })
        .collect();
    Ok(HttpResponse::Ok().json(json!({"total_count": total, "resources": resources})))
}

fn search_query(asked: &Value, caller: &Caller) -> Result<(CloudQuery, bool), NativeFault> {
    let top = Members::of(asked, codes::BODY)?;
    let counts_only = match top.text("action")? {
        Some("filter") => false,
        Some("count") => true,
        _ => return Err(codes::BODY),
    };
    let wanted = tag_lists::wanted(top.list("tags")?, (&codes::TAG, &codes::TOO_MANY_TAGS))?;
    let mut conditions: Vec<CloudCondition> =
        wanted.into_iter().map(|(key, values)| CloudCondition::Tag(key, values)).collect();
    conditions.extend(matches(top.list("matches")?)?);
    let limit = top.get("limit").map_or(Some(i64::from(LARGEST_PAGE)), whole);
    let limit = limit.ok_or(codes::LIMIT)?;
    if limit > i64::from(LARGEST_PAGE) {
        return Err(codes::LIMIT_TOO_LARGE);
    }
    let limit = u32::try_from(limit).ok().filter(|limit| *limit >= 1).ok_or(codes::LIMIT)?;
    let offset = top.get("offset").map_or(Some(0), whole);
    let offset = offset.filter(|offset| *offset >= 0).ok_or(codes::OFFSET)?;
    let sort = vec![(CloudSort::CreatedAt, Direction::Descending)];
    let query = CloudQuery {
        filter: CloudFilter { project: caller.project.clone(), conditions },
        page: Paging { limit, offset, marker: None::<DiskId>, sort },
    };
    Ok((query, counts_only))
}

fn matches(listed: &[Value]) -> Result<Vec<CloudCondition>, NativeFault> {
    let condition = |element: &Value| {
        let element = Members::of(element, codes::BODY)?;
        let value = element.text("value")?.ok_or(codes::BODY)?;
        if value.chars().count() > LONGEST_MATCH {
            return Err(codes::BODY);
        }
        match element.text("key")? {
            Some("resource_name") => Ok(CloudCondition::NameContains(value.to_owned())),
            Some("service_type") => Ok(service_type(value)),
            _ => Err(codes::BODY),
        }
    };
    listed.iter().map(condition).collect()
}

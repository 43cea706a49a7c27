//! Tags of backup policies, and policies by their tags (VBS "Backup Policy").

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::super::members::whole;
use super::super::tag_lists;
use super::body::{self, given};
use super::faults;
use crate::domain::access::Action;
use crate::domain::page::LARGEST_PAGE;
use crate::domain::policy::Policy;
use crate::domain::tag::{TagChange, Tags};
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::service::policies::{PolicySearch, WantedTag};

pub(in crate::http) async fn list(call: Call) -> Answer {
    let caller = call.may(Action::ShowPolicyTags)?;
    let found = call.app().policy(&caller, call.part("id")).await;
    let (policy, _) = found.map_err(faults::queried)?;
    Ok(HttpResponse::Ok().json(json!({"tags": tag_lists::pairs(&policy.tags)})))
}

pub(in crate::http) async fn add(call: Call) -> Answer {
    let body = body::object(&call);
    changed(call, Action::CreatePolicyTags, || {
        let body = body?;
        let tag = tag_lists::one(given(&body, "tag").ok_or(faults::TAG)?, &faults::TAG);
        Ok(TagChange::Add(Tags::from([tag.map_err(|_| faults::TAG)?])))
    })
    .await
}

pub(in crate::http) async fn remove(call: Call) -> Answer {
    let key = call.decoded_part("key");
    changed(call, Action::DeletePolicyTags, || Ok(TagChange::RemoveOne(key))).await
}

/// Adds tags, gives them new values or removes some; who may do the one may do the others.
pub(in crate::http) async fn change(call: Call) -> Answer {
    let body = body::object(&call);
    changed(call, Action::CreatePolicyTags, || Ok(tag_change(&body?)?)).await
}

async fn changed(
    call: Call,
    action: Action,
    change: impl FnOnce() -> Result<TagChange, ApiError>,
) -> Answer {
    let caller = call.may(action)?;
    let (id, change) = (call.part("id").to_owned(), change()?);
    call.write(move |app| async move { app.change_policy_tags(&caller, &id, change).await })
        .await?;
    Ok(HttpResponse::NoContent().finish())
}

fn tag_change(body: &Map<String, Value>) -> Result<TagChange, NativeFault> {
    let listed = match given(body, "tags") {
        None => &[][..],
        Some(tags) => tags.as_array().ok_or(faults::TAG)?,
    };
    match body.get("action").and_then(Value::as_str) {
        // Updating makes the tags that are not there (VBS "Batch Updating or Removing Tags").
        Some("create" | "update") => Ok(TagChange::Add(body::tags(listed)?)),
        Some("delete") => {
            let keys = tag_lists::keys(listed, &faults::TAG).map_err(|_| faults::TAG)?;
            Ok(TagChange::Remove(keys))
        }
        _ => Err(faults::TAG_ACTION),
    }
}

/// Every tag of the project's policies.
pub(in crate::http) async fn list_all(call: Call) -> Answer {
    let caller = call.may(Action::ListPolicyTags)?;
    let tags = call.app().project_policy_tags(&caller).await?;
    let tags: Vec<Value> =
        tags.iter().map(|(key, values)| json!({"key": key, "values": values})).collect();
    Ok(HttpResponse::Ok().json(json!({"tags": tags})))
}

/// Policies by their tags, or only how many there are.
pub(in crate::http) async fn search(call: Call) -> Answer {
    let caller = call.may(Action::SearchPolicyTags)?;
    let body = body::object(&call)?;
    let counts_only = match body.get("action").and_then(Value::as_str) {
        Some("filter") => false,
        Some("count") => true,
        _ => return Err(faults::SEARCH_ACTION.into()),
    };
    let (search, (offset, limit)) = (policy_search(&body)?, page(&body)?);
    let found = call.app().find_policies(&caller, &search).await?;
    if counts_only {
        return Ok(HttpResponse::Ok().json(json!({"total_count": found.len()})));
    }
    let resources: Vec<Value> = found.iter().skip(offset).take(limit).map(resource).collect();
    Ok(HttpResponse::Ok().json(json!({"total_count": found.len(), "resources": resources})))
}

fn resource(policy: &Policy) -> Value {
    json!({
        "resource_id": policy.id.to_string(),
        "resource_name": policy.name,
        "resource_detail": null,
        "tags": tag_lists::pairs(&policy.tags),
    })
}

fn policy_search(body: &Map<String, Value>) -> Result<PolicySearch, NativeFault> {
    Ok(PolicySearch {
        tags: wanted(body, "tags")?,
        tags_any: wanted(body, "tags_any")?,
        not_tags: wanted(body, "not_tags")?,
        not_tags_any: wanted(body, "not_tags_any")?,
        name: name_part(body)?,
    })
}

fn wanted(body: &Map<String, Value>, name: &str) -> Result<Vec<WantedTag>, NativeFault> {
    let Some(listed) = given(body, name) else { return Ok(Vec::new()) };
    let listed = listed.as_array().ok_or(faults::SEARCH)?;
    let wanted = tag_lists::wanted(listed, (&faults::SEARCH, &faults::TOO_MANY_TAGS));
    wanted.map_err(|fault| if fault == faults::TOO_MANY_TAGS { fault } else { faults::SEARCH })
}

/// Of several names that are looked for, the last counts.
fn name_part(body: &Map<String, Value>) -> Result<String, NativeFault> {
    let Some(matches) = given(body, "matches") else { return Ok(String::new()) };
    let mut part = String::new();
    for element in matches.as_array().ok_or(faults::SEARCH)? {
        let is_name = element.get("key").is_some_and(|key| key == "resource_name");
        let value = element.get("value").and_then(Value::as_str).filter(|_| is_name);
        value.ok_or(faults::SEARCH)?.clone_into(&mut part);
    }
    Ok(part)
}

/// Where the page begins, and how long it is.
fn page(body: &Map<String, Value>) -> Result<(usize, usize), NativeFault> {
    let number = |name: &str, default: usize| match given(body, name) {
        None => Ok(default),
        Some(value) => {
            let number = whole(value).and_then(|number| usize::try_from(number).ok());
            number.ok_or(faults::SEARCH_PAGE)
        }
    };
    let largest = usize::try_from(LARGEST_PAGE).unwrap_or(usize::MAX);
    let limit = number("limit", largest)?;
    if !(1..=largest).contains(&limit) {
        return Err(faults::SEARCH_PAGE);
    }
    Ok((number("offset", 0)?, limit))
}

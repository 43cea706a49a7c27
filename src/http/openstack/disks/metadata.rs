//! `volumes/{id}/metadata`: the keys and values that people give their disks.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::header::ETAG;
use serde_json::{Value, json};

use crate::domain::access::{Action, Caller};
use crate::domain::metadata::{MetadataChange, metadata_tag};
use crate::domain::microversion::Microversion;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::openstack::metadata::{one, whole};
use crate::service::ServiceError;

/// From here on answers carry a tag of the metadata, and changes can be made to depend on it.
const TAGS: Microversion = Microversion(3, 15);

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowDiskMetadata)?;
    let disk = call.app().disk(&caller, call.part("id")).await?;
    Ok(tagged(&call, &disk.metadata, &json!({"metadata": disk.metadata})))
}

pub(in crate::http) async fn show_one(call: Call) -> Answer {
    let caller = call.may(Action::ShowDiskMetadata)?;
    let key = call.decoded_part("key");
    let (value, metadata) = call.app().disk_metadata_value(&caller, call.part("id"), &key).await?;
    Ok(tagged(&call, &metadata, &json!({"meta": {key: value}})))
}

/// Adds; what is not named stays. Cinder: it expects nothing of what there is.
pub(in crate::http) async fn create(call: Call) -> Answer {
    let caller = call.may(Action::CreateDiskMetadata)?;
    let merge = MetadataChange::Merge(whole(&call, &call.json()?)?);
    let metadata = change(&call, caller, merge, None).await?;
    Ok(whole_answer(&call, metadata))
}

/// Replaces; what is not named goes.
pub(in crate::http) async fn update(call: Call) -> Answer {
    let caller = call.may(Action::UpdateDiskMetadata)?;
    let replace = MetadataChange::Replace(whole(&call, &call.json()?)?);
    let metadata = change(&call, caller, replace, expected(&call)).await?;
    Ok(whole_answer(&call, metadata))
}

pub(in crate::http) async fn update_one(call: Call) -> Answer {
    let caller = call.may(Action::UpdateDiskMetadata)?;
    let given = one(&call, &call.json()?)?;
    let merge = MetadataChange::Merge(given.clone());
    let metadata = change(&call, caller, merge, expected(&call)).await?;
    Ok(metadata.map_or_else(changed, |all| tagged(&call, &all, &json!({"meta": given}))))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteDiskMetadata)?;
    let remove = MetadataChange::Remove(call.decoded_part("key"));
    let metadata = change(&call, caller, remove, expected(&call)).await?;
    Ok(metadata.map_or_else(changed, |_| HttpResponse::Ok().finish()))
}

/// What the metadata is after a change; none if it was not what the request expects.
async fn change(
    call: &Call,
    caller: Caller,
    change: MetadataChange,
    expected: Option<Vec<String>>,
) -> Result<Option<BTreeMap<String, String>>, ApiError> {
    let id = call.part("id").to_owned();
    let changed =
        call.write(move |app| async move {
            app.change_disk_metadata(&caller, &id, change, expected).await
        })
        .await;
    match changed {
        Ok(metadata) => Ok(Some(metadata)),
        Err(ApiError::Service(ServiceError::MetadataChanged(_))) => Ok(None),
        Err(fault) => Err(fault),
    }
}

/// Cinder's answer to who expects something else has no body.
fn changed() -> HttpResponse {
    HttpResponse::PreconditionFailed().finish()
}

fn whole_answer(call: &Call, metadata: Option<BTreeMap<String, String>>) -> HttpResponse {
    metadata.map_or_else(changed, |all| tagged(call, &all, &json!({"metadata": all})))
}

fn tagged(call: &Call, metadata: &BTreeMap<String, String>, body: &Value) -> HttpResponse {
    let mut answer = HttpResponse::Ok();
    if call.version() >= TAGS {
        // Without the quotes that RFC 9110 asks for, as Cinder sends it.
        answer.insert_header((ETAG, metadata_tag(metadata)));
    }
    answer.json(body)
}

/// The tags that the metadata may have; none if the request does not care.
fn expected(call: &Call) -> Option<Vec<String>> {
    if call.version() < TAGS {
        return None;
    }
    let tags: Vec<String> = call
        .header_values("if-match")
        .flat_map(|value| value.split(','))
        .map(|tag| tag.trim().trim_start_matches("W/").trim_matches('"').to_owned())
        .filter(|tag| !tag.is_empty())
        .collect();
    (!tags.is_empty() && !tags.iter().any(|tag| tag == "*")).then_some(tags)
}

//! `snapshots/{id}/metadata`: the keys and values that people give their snapshots. Other than those of
//! disks they have no tag.

use actix_web::HttpResponse;
use serde_json::json;

use super::super::metadata::{one, whole};
use crate::domain::access::Action;
use crate::domain::metadata::MetadataChange;
use crate::http::call::{Answer, Call};

pub(in crate::http) async fn show(call: Call) -> Answer {
    let caller = call.may(Action::ShowSnapshotMetadata)?;
    let snapshot = call.app().snapshot(&caller, call.part("id")).await?;
    Ok(HttpResponse::Ok().json(json!({"metadata": snapshot.metadata})))
}

pub(in crate::http) async fn show_one(call: Call) -> Answer {
    let caller = call.may(Action::ShowSnapshotMetadata)?;
    let key = call.decoded_part("key");
    let value = call.app().snapshot_metadata_value(&caller, call.part("id"), &key).await?;
    Ok(HttpResponse::Ok().json(json!({"meta": {key: value}})))
}

/// Adds; what is not named stays.
pub(in crate::http) async fn create(call: Call) -> Answer {
    call.may(Action::UpdateSnapshotMetadata)?;
    let merge = MetadataChange::Merge(whole(&call, &call.json()?)?);
    change(&call, merge).await
}

/// Replaces; what is not named goes.
pub(in crate::http) async fn update(call: Call) -> Answer {
    call.may(Action::UpdateSnapshotMetadata)?;
    let replace = MetadataChange::Replace(whole(&call, &call.json()?)?);
    change(&call, replace).await
}

pub(in crate::http) async fn update_one(call: Call) -> Answer {
    call.may(Action::UpdateSnapshotMetadata)?;
    let given = one(&call, &call.json()?)?;
    change(&call, MetadataChange::Merge(given.clone())).await?;
    Ok(HttpResponse::Ok().json(json!({"meta": given})))
}

pub(in crate::http) async fn delete(call: Call) -> Answer {
    let caller = call.may(Action::DeleteSnapshotMetadata)?;
    let (id, remove) =
        (call.part("id").to_owned(), MetadataChange::Remove(call.decoded_part("key")));
    call.write(move |app| async move { app.change_snapshot_metadata(&caller, &id, remove).await })
        .await?;
    Ok(HttpResponse::Ok().finish())
}

/// All of the metadata after a change.
async fn change(call: &Call, change: MetadataChange) -> Answer {
    let caller = call.may(Action::UpdateSnapshotMetadata)?;
    let id = call.part("id").to_owned();
    let metadata = call
        .write(move |app| async move { app.change_snapshot_metadata(&caller, &id, change).await })
        .await?;
    Ok(HttpResponse::Ok().json(json!({"metadata": metadata})))
}

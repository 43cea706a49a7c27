//! Lists of snapshots: order, pages, counts.

use actix_web::HttpResponse;
use serde_json::Value;

use super::super::resource_filters::COUNTED;
use super::super::{not_found, page};
use super::filters::filter;
use super::view::{detail, summary};
use crate::domain::access::Action;
use crate::domain::ids::SnapshotId;
use crate::domain::page::Direction;
use crate::domain::snapshot::{Snapshot, SnapshotQuery, SnapshotSort};
use crate::http::call::{Answer, Call};
use crate::http::page::{SortWords, is_empty_page, paging};
use crate::service::Resource;

const SORT_WORDS: SortWords<SnapshotSort> = &[
    ("created_at", SnapshotSort::CreatedAt),
    ("updated_at", SnapshotSort::UpdatedAt),
    ("id", SnapshotSort::Id),
    ("name", SnapshotSort::Name),
    ("display_name", SnapshotSort::Name),
    ("display_description", SnapshotSort::Description),
    ("status", SnapshotSort::Status),
    ("size", SnapshotSort::Size),
    ("volume_size", SnapshotSort::Size),
    ("volume_id", SnapshotSort::Disk),
    ("project_id", SnapshotSort::Project),
    ("user_id", SnapshotSort::User),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |_, snapshot| summary(snapshot)).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Snapshot) -> Value) -> Answer {
    let caller = call.may(Action::ListSnapshots)?;
    let default = (SnapshotSort::CreatedAt, Direction::Descending);
    let page_of = paging(call, SORT_WORDS, default, SnapshotId::parse, |id| {
        not_found(Resource::Snapshot, id)
    })?;
    let counted = call.version() >= COUNTED && call.flag("with_count")?;
    let query = SnapshotQuery { filter: filter(call, &caller)?, page: page_of };
    let (limit, everywhere, filter) = (query.page.limit, call.everywhere()?, query.filter.clone());
    let snapshots = if is_empty_page(call) {
        Vec::new()
    } else {
        call.app().snapshots(&caller, everywhere, query).await?
    };
    let id = |snapshot: &Snapshot| snapshot.id.to_string();
    let mut body = page(call, "snapshots", limit, &snapshots, id, |snapshot| view(call, snapshot));
    if counted {
        body.count = Some(call.app().count_snapshots(&caller, everywhere, filter).await?);
    }
    Ok(HttpResponse::Ok().json(body))
}

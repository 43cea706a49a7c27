//! Lists of disks: order, pages, counts, and the summary of all.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::resource_filters::COUNTED;
use super::super::{not_found, page};
use super::filters::filter;
use super::view::{TypeIds, detail, type_ids};
use crate::domain::access::{Action, Caller};
use crate::domain::disk::{Disk, DiskQuery, DiskSort};
use crate::domain::ids::DiskId;
use crate::domain::microversion::Microversion;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::page::{SortWords, is_empty_page, paging};
use crate::service::Resource;

/// From here on there is a summary.
const SUMMARY: Microversion = Microversion(3, 12);
/// From here on the summary tells the metadata.
const SUMMARY_METADATA: Microversion = Microversion(3, 36);

const SORT_WORDS: SortWords<DiskSort> = &[
    ("created_at", DiskSort::CreatedAt),
    ("updated_at", DiskSort::UpdatedAt),
    ("id", DiskSort::Id),
    ("name", DiskSort::Name),
    ("display_name", DiskSort::Name),
    ("display_description", DiskSort::Description),
    ("status", DiskSort::Status),
    ("size", DiskSort::Size),
    ("availability_zone", DiskSort::Zone),
    ("bootable", DiskSort::Bootable),
    ("multiattach", DiskSort::Multiattach),
    ("project_id", DiskSort::Project),
    ("user_id", DiskSort::User),
    // Both are told from the type alone.
    ("host", DiskSort::Type),
    ("volume_type_id", DiskSort::Type),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |call, _, _, disk| {
        let id = disk.id.to_string();
        json!({"id": id, "name": disk.name, "links": call.links("volumes", &id)})
    })
    .await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &TypeIds, &Caller, &Disk) -> Value) -> Answer {
    let caller = call.may(Action::ListDisks)?;
    let default = (DiskSort::CreatedAt, Direction::Descending);
    let page_of =
        paging(call, SORT_WORDS, default, DiskId::parse, |id| not_found(Resource::Disk, id))?;
    let counted = call.version() >= COUNTED && call.flag("with_count")?;
    let query = DiskQuery { filter: filter(call, &caller).await?, page: page_of };
    let (limit, everywhere, filter) = (query.page.limit, call.everywhere()?, query.filter.clone());
    let disks = if is_empty_page(call) {
        Vec::new()
    } else {
        call.app().disks(&caller, everywhere, query).await?
    };
    let types = type_ids(call).await?;
    let id = |disk: &Disk| disk.id.to_string();
    let mut body =
        page(call, "volumes", limit, &disks, id, |disk| view(call, &types, &caller, disk));
    if counted {
        body.count = Some(call.app().count_disks(&caller, everywhere, filter).await?);
    }
    Ok(HttpResponse::Ok().json(body))
}

/// No filter is heard here but whose disks are meant (Cinder).
pub(in crate::http) async fn summary(call: Call) -> Answer {
    let caller = call.may(Action::ListDisks)?;
    if call.version() < SUMMARY {
        return Err(ApiError::NoRoute);
    }
    let summary = call.app().disk_summary(&caller, call.everywhere()?).await?;
    let mut view = json!({"total_count": summary.disks, "total_size": summary.gib});
    if call.version() >= SUMMARY_METADATA
        && let Some(members) = view.as_object_mut()
    {
        members.insert("metadata".to_owned(), json!(summary.metadata));
    }
    Ok(HttpResponse::Ok().json(json!({"volume-summary": view})))
}

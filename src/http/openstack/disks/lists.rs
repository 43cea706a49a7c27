//! Lists of disks: filters, order, pages.

use actix_web::HttpResponse;
use serde_json::{Value, json};

use super::super::{not_found, page};
use super::view::{TypeIds, detail, type_ids};
use crate::domain::access::{Action, Caller};
use crate::domain::disk::{Disk, DiskQuery, DiskSort};
use crate::domain::ids::DiskId;
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::page::{SortWords, paging};
use crate::service::Resource;

const SORT_WORDS: SortWords<DiskSort> = &[
    ("created_at", DiskSort::CreatedAt),
    ("updated_at", DiskSort::UpdatedAt),
    ("id", DiskSort::Id),
    ("name", DiskSort::Name),
    ("display_name", DiskSort::Name),
    ("status", DiskSort::Status),
    ("size", DiskSort::Size),
    ("availability_zone", DiskSort::Zone),
    ("bootable", DiskSort::Bootable),
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
    let query = DiskQuery {
        project: None,
        name: call.filter("name"),
        status: call.filter("status"),
        page: paging(
            call,
            SORT_WORDS,
            (DiskSort::CreatedAt, Direction::Descending),
            DiskId::parse,
            |id| not_found(Resource::Disk, id),
        )?,
    };
    let limit = query.page.limit;
    let disks = call.app().disks(&caller, call.everywhere()?, query).await?;
    let types = type_ids(call).await?;
    let id = |disk: &Disk| disk.id.to_string();
    let body = page(call, "volumes", limit, &disks, id, |disk| view(call, &types, &caller, disk));
    Ok(HttpResponse::Ok().json(body))
}

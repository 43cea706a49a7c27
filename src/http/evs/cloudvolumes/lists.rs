//! Lists of disks: filters, order, pages, each wrong parameter with a code of its own.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::view::view;
use crate::domain::access::{Action, Caller};
use crate::domain::cloud_disk::{CloudCondition, CloudDisk, CloudFilter, CloudQuery, CloudSort};
use crate::domain::ids::DiskId;
use crate::domain::page::{Direction, Paging};
use crate::http::call::{Answer, Call};
use crate::http::error::{ApiError, NativeFault};
use crate::http::evs::page::{enterprise_project, given, paging_by, zone};
use crate::http::evs::{codes, members};
use crate::http::page::next_link;

/// The most ids that `ids` names.
const MOST_IDS: usize = 60;

const SORT_WORDS: &[(&str, CloudSort)] = &[
    ("created_at", CloudSort::CreatedAt),
    ("id", CloudSort::Id),
    ("status", CloudSort::Status),
    ("size", CloudSort::Size),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    let (_, disks) = page(&call).await?;
    let views = disks.iter().map(|cloud| {
        let id = cloud.disk.id.to_string();
        json!({"id": id, "name": cloud.disk.name, "links": call.links("volumes", &id)})
    });
    Ok(HttpResponse::Ok().json(json!({"volumes": views.collect::<Vec<_>>()})))
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    let (query, disks) = page(&call).await?;
    let mut body = Map::new();
    let count = call.app().count_cloud_disks(&query.filter).await?;
    body.insert("count".to_owned(), count.into());
    body.insert("volumes".to_owned(), disks.iter().map(|cloud| view(&call, cloud)).collect());
    let last = disks.last().map(|cloud| cloud.disk.id.to_string()).unwrap_or_default();
    if let Some(href) = next_link(&call, query.page.limit, disks.len(), &last) {
        body.insert("volumes_links".to_owned(), json!([{"rel": "next", "href": href}]));
    }
    Ok(HttpResponse::Ok().json(body))
}

async fn page(call: &Call) -> Result<(CloudQuery, Vec<CloudDisk>), ApiError> {
    let caller = call.may(Action::ListDisks)?;
    let mut query = CloudQuery { page: paging(call)?, filter: filter(call, &caller)? };
    query.filter.conditions.extend(disk_type(call).await?);
    let disks = call.app().cloud_disks(&caller, query.clone()).await?;
    Ok((query, disks))
}

fn paging(call: &Call) -> Result<Paging<DiskId, CloudSort>, NativeFault> {
    let key = match given(call, "sort_key") {
        None => CloudSort::CreatedAt,
        Some(word) => {
            let known = SORT_WORDS.iter().find(|(known, _)| *known == word);
            known.map(|(_, key)| *key).ok_or(codes::SORT_KEY)?
        }
    };
    let direction = match given(call, "sort_dir") {
        None | Some("desc") => Direction::Descending,
        Some("asc") => Direction::Ascending,
        Some(_) => return Err(codes::SORT_DIR),
    };
    paging_by(call, vec![(key, direction)], DiskId::parse)
}

/// Parameters that are not listed here are not heard.
fn filter(call: &Call, caller: &Caller) -> Result<CloudFilter, NativeFault> {
    use CloudCondition as C;
    let text = |name| given(call, name).map(str::to_owned);
    let mut conditions = Vec::new();
    conditions.extend(text("name").map(C::NameContains));
    conditions.extend(text("status").map(C::Status));
    conditions.extend(zone(call)?.map(C::Zone));
    conditions.extend(multiattach(call)?.map(C::Multiattach));
    conditions.extend(given(call, "service_type").map(service_type));
    conditions.extend(text("dedicated_storage_id").map(C::DedicatedStorage));
    // No dedicated storage has a name here.
    conditions.extend(text("dedicated_storage_name").map(|_| C::Never));
    conditions.extend(text("server_id").map(C::AttachedTo));
    conditions.extend(ids(call)?);
    conditions.extend(enterprise_project(call).map(C::EnterpriseProject));
    conditions.extend(metadata(call, "metadata", C::Metadata)?);
    conditions.extend(metadata(call, "not_metadata", C::NotMetadata)?);
    Ok(CloudFilter { project: caller.project.clone(), conditions })
}

fn multiattach(call: &Call) -> Result<Option<bool>, NativeFault> {
    given(call, "multiattach").map(|text| members::flag(text).ok_or(codes::WRONG_TYPE)).transpose()
}

pub(in crate::http::evs) fn service_type(word: &str) -> CloudCondition {
    match word.to_ascii_uppercase().as_str() {
        "EVS" => CloudCondition::Dedicated(false),
        "DSS" => CloudCondition::Dedicated(true),
        _ => CloudCondition::Never,
    }
}

/// The type with that id, if the query names one.
async fn disk_type(call: &Call) -> Result<Option<CloudCondition>, ApiError> {
    let Some(id) = given(call, "volume_type_id") else { return Ok(None) };
    let ids = call.app().disk_type_ids().await?;
    let found = ids.into_iter().find(|(_, of)| of.to_string() == id);
    Ok(Some(found.map_or(CloudCondition::Never, |(name, _)| CloudCondition::Type(name))))
}

/// `ids`, a list like `['a','b']` whose invalid ids do not matter, wins over `id`.
fn ids(call: &Call) -> Result<Option<CloudCondition>, NativeFault> {
    let listed = match (given(call, "ids"), given(call, "id")) {
        (Some(text), _) => text
            .trim_matches(['[', ']'])
            .split(',')
            .map(|id| id.trim_matches([' ', '\'', '"']))
            .collect(),
        (None, Some(id)) => vec![id],
        (None, None) => return Ok(None),
    };
    if listed.len() > MOST_IDS {
        return Err(codes::INVALID_REQUEST);
    }
    Ok(Some(CloudCondition::Among(listed.into_iter().filter_map(DiskId::parse).collect())))
}

fn metadata(
    call: &Call,
    name: &str,
    condition: fn(String, String) -> CloudCondition,
) -> Result<Vec<CloudCondition>, NativeFault> {
    let Some(text) = given(call, name) else { return Ok(Vec::new()) };
    let wanted = members::dictionary(text).ok_or(codes::METADATA_FILTER)?;
    wanted
        .into_iter()
        .map(|(key, value)| match value {
            Value::String(value) => Ok(condition(key, value)),
            Value::Null
            | Value::Bool(_)
            | Value::Number(_)
            | Value::Array(_)
            | Value::Object(_) => Err(codes::METADATA_FILTER),
        })
        .collect()
}

//! The list of snapshots, which there is in detail only.

use actix_web::HttpResponse;
use serde_json::{Map, Value, json};

use super::super::page::{enterprise_project, given, paging_by, zone};
use crate::domain::access::Action;
use crate::domain::ids::SnapshotId;
use crate::domain::page::Direction;
use crate::domain::snapshot::{
    Snapshot, SnapshotCondition, SnapshotFilter, SnapshotQuery, SnapshotSort, SnapshotText,
};
use crate::http::call::{Answer, Call};
use crate::http::error::NativeFault;
use crate::http::openstack::snapshots::whole;
use crate::http::page::next_link;

/// The service whose snapshots there are here.
const SERVICE: &str = "EVS";

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    let caller = call.may(Action::ListSnapshots)?;
    let newest = vec![(SnapshotSort::CreatedAt, Direction::Descending)];
    let page = paging_by(&call, newest, SnapshotId::parse)?;
    let (limit, filter) = (page.limit, filter(&call)?);
    let query = SnapshotQuery { filter: filter.clone(), page };
    let snapshots = call.app().snapshots(&caller, false, query).await?;
    let count = call.app().count_snapshots(&caller, false, filter).await?;
    let mut body = Map::new();
    body.insert("count".to_owned(), count.into());
    body.insert("snapshots".to_owned(), snapshots.iter().map(view).collect());
    let last = snapshots.last().map(|snapshot| snapshot.id.to_string()).unwrap_or_default();
    if let Some(href) = next_link(&call, limit, snapshots.len(), &last) {
        body.insert("snapshots_links".to_owned(), json!([{"rel": "next", "href": href}]));
    }
    Ok(HttpResponse::Ok().json(body))
}

fn view(snapshot: &Snapshot) -> Value {
    let mut view = whole(snapshot);
    if let Some(members) = view.as_object_mut() {
        members.insert("service_type".to_owned(), SERVICE.into());
        members.insert("dedicated_storage_id".to_owned(), Value::Null);
        members.insert("dedicated_storage_name".to_owned(), Value::Null);
    }
    view
}

/// Parameters that are not listed here are not heard.
fn filter(call: &Call) -> Result<SnapshotFilter, NativeFault> {
    use SnapshotText as T;
    let is = |text, value: String| SnapshotCondition::Is(text, vec![value]);
    let id = |text: &str| SnapshotId::parse(text).map_or(text.to_owned(), |id| id.to_string());
    let named = |name, text| given(call, name).map(|value| is(text, value.to_owned()));
    let of_id = |name, text| given(call, name).map(|value| is(text, id(value)));
    // As they are shown: all are this service's, on no dedicated storage.
    let other = given(call, "service_type").is_some_and(|word| !word.eq_ignore_ascii_case(SERVICE));
    let dedicated = ["dedicated_storage_id", "dedicated_storage_name"];
    let never = other || dedicated.into_iter().any(|name| given(call, name).is_some());
    let conditions = [
        of_id("id", T::Id),
        of_id("volume_id", T::Disk),
        named("name", T::Name),
        named("status", T::Status),
        zone(call)?.map(|zone| is(T::Zone, zone)),
        enterprise_project(call).map(|id| is(T::EnterpriseProject, id)),
        never.then_some(SnapshotCondition::Never),
    ];
    let conditions = conditions.into_iter().flatten().collect();
    Ok(SnapshotFilter { project: None, conditions })
}

//! Lists of backups: filters, order, pages, counts.

use actix_web::HttpResponse;
use serde_json::Value;

use super::super::resource_filters::{BACKUP, COUNTED, PARTS, heard};
use super::super::{not_found, page};
use super::view::{detail, summary};
use crate::domain::access::{Action, Caller};
use crate::domain::backup::{
    Backup, BackupCondition, BackupFilter, BackupQuery, BackupSort, BackupText,
};
use crate::domain::ids::{BackupId, ProjectId};
use crate::domain::page::Direction;
use crate::http::call::{Answer, Call};
use crate::http::error::ApiError;
use crate::http::page::{SortWords, is_empty_page, paging};
use crate::service::Resource;

const SORT_WORDS: SortWords<BackupSort> = &[
    ("created_at", BackupSort::CreatedAt),
    ("updated_at", BackupSort::UpdatedAt),
    ("data_timestamp", BackupSort::DataAt),
    ("id", BackupSort::Id),
    ("name", BackupSort::Name),
    ("display_name", BackupSort::Name),
    ("status", BackupSort::Status),
    ("size", BackupSort::Size),
    ("volume_id", BackupSort::Disk),
];

pub(in crate::http) async fn list(call: Call) -> Answer {
    list_as(&call, |call, _, backup| summary(call, backup)).await
}

pub(in crate::http) async fn list_detail(call: Call) -> Answer {
    list_as(&call, detail).await
}

async fn list_as(call: &Call, view: fn(&Call, &Caller, &Backup) -> Value) -> Answer {
    let caller = call.may(Action::ListBackups)?;
    let default = (BackupSort::CreatedAt, Direction::Descending);
    let page_of =
        paging(call, SORT_WORDS, default, BackupId::parse, |id| not_found(Resource::Backup, id))?;
    let counted = call.version() >= COUNTED && call.flag("with_count")?;
    let query = BackupQuery { filter: filter(call, &caller)?, page: page_of };
    let (limit, everywhere, filter) = (query.page.limit, call.everywhere()?, query.filter.clone());
    let backups = if is_empty_page(call) {
        Vec::new()
    } else {
        call.app().backups(&caller, everywhere, query).await?
    };
    let id = |backup: &Backup| backup.id.to_string();
    let mut body = page(call, "backups", limit, &backups, id, |backup| view(call, &caller, backup));
    if counted {
        body.count = Some(call.app().count_backups(&caller, everywhere, filter).await?);
    }
    Ok(HttpResponse::Ok().json(body))
}

fn filter(call: &Call, caller: &Caller) -> Result<BackupFilter, ApiError> {
    let mut filter = BackupFilter::default();
    for (key, value) in heard(call, caller, BACKUP)? {
        // Of one's own project nobody need say it; who asks for another's asks for all first.
        if key == "all_tenants" {
            continue;
        }
        if key == "project_id" {
            filter.project = Some(ProjectId::new(value));
        } else {
            filter.conditions.extend(condition(call, key, value));
        }
    }
    Ok(filter)
}

/// What is no column matches no row (Cinder); only administrators get here with it.
fn condition(call: &Call, key: &str, value: &str) -> Option<BackupCondition> {
    let value = value.to_owned();
    if let Some(name) = key.strip_suffix('~') {
        let part = |text| BackupCondition::Contains(text, value);
        return (call.version() >= PARTS).then(|| text(name).map_or(BackupCondition::Never, part));
    }
    Some(text(key).map_or(BackupCondition::Never, |text| BackupCondition::Is(text, value)))
}

fn text(key: &str) -> Option<BackupText> {
    Some(match key {
        "id" => BackupText::Id,
        "name" | "display_name" => BackupText::Name,
        "status" => BackupText::Status,
        "volume_id" => BackupText::Disk,
        "snapshot_id" => BackupText::Snapshot,
        "availability_zone" => BackupText::Zone,
        "container" => BackupText::Container,
        "user_id" => BackupText::User,
        _ => return None,
    })
}

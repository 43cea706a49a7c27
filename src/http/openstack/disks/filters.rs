//! What lists of disks are narrowed by: query parameters in, conditions out.

use super::super::resource_filters::{PARTS, VOLUME, heard};
use crate::domain::access::Caller;
use crate::domain::disk::{Comparison, DiskCondition, DiskFilter, DiskFlag, DiskText, DiskTime};
use crate::domain::host::Host;
use crate::domain::ids::{DiskId, ProjectId};
use crate::domain::microversion::Microversion;
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::fields::flag;
use crate::http::literal;
use crate::http::time::read;

/// From here on only booleans are taken for booleans.
const BOOLEANS: Microversion = Microversion(3, 2);

/// Filters that are not heard before a version.
const SINCE: &[(&str, Microversion)] = &[
    ("glance_metadata", Microversion(3, 4)),
    ("group_id", Microversion(3, 10)),
    ("created_at", Microversion(3, 60)),
    ("updated_at", Microversion(3, 60)),
    ("consumes_quota", Microversion(3, 65)),
];

/// The disks that a query asks for.
pub(super) async fn filter(call: &Call, caller: &Caller) -> Result<DiskFilter, ApiError> {
    let everywhere = call.everywhere()?;
    let mut filter = DiskFilter::default();
    for (key, value) in heard(call, caller, VOLUME)? {
        let early = SINCE.iter().any(|(name, since)| *name == key && call.version() < *since);
        if early || key == "all_tenants" {
            continue;
        }
        match key {
            // Whose disks: of one's own project nobody need say it, and who asks for another's has
            // to ask for all projects first.
            "project_id" if !everywhere => {}
            "project_id" => filter.project = Some(ProjectId::new(value)),
            "volume_type_id" => filter.conditions.push(disk_type(call, value).await?),
            _ => filter.conditions.extend(conditions(call, key, value)?),
        }
    }
    Ok(filter)
}

fn conditions(call: &Call, key: &str, value: &str) -> Result<Vec<DiskCondition>, ApiError> {
    if let Some(name) = key.strip_suffix('~') {
        return Ok(if call.version() >= PARTS { vec![part(name, value)] } else { Vec::new() });
    }
    Ok(match key {
        // A name is what stands there, quotes and all.
        "name" | "display_name" => vec![DiskCondition::Is(DiskText::Name, vec![value.to_owned()])],
        "id" => vec![id(DiskText::Id, value)],
        "snapshot_id" => vec![id(DiskText::FromSnapshot, value)],
        "source_volid" => vec![id(DiskText::FromDisk, value)],
        "size" => vec![size(value)],
        "bootable" => vec![boolean(call, DiskFlag::Bootable, key, value)?],
        "multiattach" => vec![boolean(call, DiskFlag::Multiattach, key, value)?],
        "host" => vec![host(value)].into_iter().flatten().collect(),
        "metadata" => pairs(value, DiskCondition::Metadata),
        "glance_metadata" => pairs(value, DiskCondition::ImageMetadata),
        // Every disk counts towards its quota, and no disk is in a group, on the move or replicated.
        "consumes_quota" => {
            let counts = flag(value).ok_or_else(|| {
                ApiError::Query(format!("Value '{value}' for 'use_quota' is not a boolean."))
            })?;
            if counts { Vec::new() } else { vec![DiskCondition::Never] }
        }
        "group_id" | "migration_status" if value == "None" => Vec::new(),
        "created_at" => times(DiskTime::CreatedAt, value)?,
        "updated_at" => times(DiskTime::UpdatedAt, value)?,
        // What is no column matches no row (Cinder); only administrators get here with it.
        _ => vec![text(key).map_or(DiskCondition::Never, |text| is(text, value))],
    })
}

fn text(key: &str) -> Option<DiskText> {
    Some(match key {
        "status" => DiskText::Status,
        "availability_zone" => DiskText::Zone,
        "description" | "display_description" => DiskText::Description,
        "user_id" => DiskText::User,
        _ => return None,
    })
}

/// The text, or if it is spelled as Python spells one, the value; one of several if it is a list.
fn is(text: DiskText, value: &str) -> DiskCondition {
    literal::texts(value).map_or(DiskCondition::Never, |values| DiskCondition::Is(text, values))
}

fn part(name: &str, value: &str) -> DiskCondition {
    let text = match name {
        "name" | "display_name" => Some(DiskText::Name),
        "id" => Some(DiskText::Id),
        "project_id" => Some(DiskText::Project),
        _ => text(name),
    };
    text.map_or(DiskCondition::Never, |text| DiskCondition::Contains(text, value.to_owned()))
}

fn id(of: DiskText, value: &str) -> DiskCondition {
    // One spelling for all ids, whatever they are of.
    let usual = |text: String| DiskId::parse(&text).map_or(text, |id| id.to_string());
    literal::texts(value).map_or(DiskCondition::Never, |values| {
        DiskCondition::Is(of, values.into_iter().map(usual).collect())
    })
}

fn size(value: &str) -> DiskCondition {
    let sizes: Option<Vec<i64>> = literal::texts(value)
        .map(|values| values.iter().filter_map(|text| text.parse().ok()).collect());
    sizes.map_or(DiskCondition::Never, DiskCondition::Size)
}

fn boolean(call: &Call, of: DiskFlag, key: &str, value: &str) -> Result<DiskCondition, ApiError> {
    let truth = if call.version() >= BOOLEANS {
        flag(value.trim())
            .ok_or_else(|| ApiError::Query(format!("Invalid input received: '{key} = {value}'")))?
    } else {
        // Anything but a `false` is one.
        !matches!(value, "False" | "false" | "FALSE" | "")
    };
    Ok(DiskCondition::Flag(of, truth))
}

async fn disk_type(call: &Call, wanted: &str) -> Result<DiskCondition, ApiError> {
    let types = call.app().disk_type_ids().await?;
    let found = types.into_iter().find(|(_, id)| id.to_string() == wanted);
    Ok(found
        .map_or(DiskCondition::Never, |(name, _)| DiskCondition::Is(DiskText::Type, vec![name])))
}

fn host(value: &str) -> Option<DiskCondition> {
    match Host::parse(value) {
        Host::Node => None,
        Host::Backend(name) | Host::Pool(name) => {
            Some(DiskCondition::Is(DiskText::Type, vec![name]))
        }
        Host::Unknown => Some(DiskCondition::Never),
    }
}

/// `{'key': 'value'}`, in Python's spelling or in JSON's: all pairs must match.
fn pairs(value: &str, condition: fn(String, String) -> DiskCondition) -> Vec<DiskCondition> {
    let pairs = literal::pairs(value).map(|pairs| pairs.into_iter().map(|(k, v)| condition(k, v)));
    pairs.map_or_else(|| vec![DiskCondition::Never], Iterator::collect)
}

/// `gt:2026-11-01T00:00:00,lt:2026-12-01T00:00:00`: all comparisons must hold.
fn times(of: DiskTime, value: &str) -> Result<Vec<DiskCondition>, ApiError> {
    value.split(',').map(|part| time(of, part)).collect()
}

fn time(of: DiskTime, part: &str) -> Result<DiskCondition, ApiError> {
    let invalid = |what: String| ApiError::Query(format!("Invalid {what}"));
    let (operator, time) = part.split_once(':').unwrap_or((part, part));
    let comparison = match operator {
        "gt" => Comparison::Greater,
        "gte" => Comparison::GreaterOrEqual,
        "eq" => Comparison::Equal,
        "neq" => Comparison::NotEqual,
        "lt" => Comparison::Less,
        "lte" => Comparison::LessOrEqual,
        _ => return Err(invalid(format!("{operator} operator"))),
    };
    let than = read(time).ok_or_else(|| invalid(format!("{time} value")))?;
    Ok(DiskCondition::Time(of, comparison, than))
}

//! What lists of snapshots are narrowed by: query parameters in, conditions out.

use super::super::resource_filters::{PARTS, SNAPSHOT, heard};
use crate::domain::access::Caller;
use crate::domain::ids::{ProjectId, SnapshotId};
use crate::domain::microversion::Microversion;
use crate::domain::snapshot::{SnapshotCondition, SnapshotFilter, SnapshotText};
use crate::http::call::Call;
use crate::http::error::ApiError;
use crate::http::fields::flag;
use crate::http::literal;

/// Filters that are not heard before a version.
const SINCE: &[(&str, Microversion)] =
    &[("metadata", Microversion(3, 22)), ("consumes_quota", Microversion(3, 65))];

/// The snapshots that a query asks for.
pub(super) fn filter(call: &Call, caller: &Caller) -> Result<SnapshotFilter, ApiError> {
    let everywhere = call.everywhere()?;
    let mut filter = SnapshotFilter::default();
    for (key, value) in heard(call, caller, SNAPSHOT)? {
        let early = SINCE.iter().any(|(name, since)| *name == key && call.version() < *since);
        if early || key == "all_tenants" {
            continue;
        }
        match key {
            // Whose snapshots: of one's own project nobody need say it, and who asks for another's
            // has to ask for all projects first.
            "project_id" if !everywhere => {}
            "project_id" => filter.project = Some(ProjectId::new(value)),
            _ => filter.conditions.extend(conditions(call, key, value)?),
        }
    }
    Ok(filter)
}

fn conditions(call: &Call, key: &str, value: &str) -> Result<Vec<SnapshotCondition>, ApiError> {
    if let Some(name) = key.strip_suffix('~') {
        return Ok(if call.version() >= PARTS { vec![part(name, value)] } else { Vec::new() });
    }
    Ok(match key {
        // A name is what stands there, quotes and all.
        "name" | "display_name" => {
            vec![SnapshotCondition::Is(SnapshotText::Name, vec![value.to_owned()])]
        }
        "id" => vec![id(SnapshotText::Id, value)],
        "volume_id" => vec![id(SnapshotText::Disk, value)],
        "size" | "volume_size" => vec![size(value)],
        "metadata" => metadata(value),
        // Every snapshot counts towards its quota.
        "consumes_quota" => {
            let counts = flag(value).ok_or_else(|| {
                ApiError::Query(format!("Value '{value}' for 'use_quota' is not a boolean."))
            })?;
            if counts { Vec::new() } else { vec![SnapshotCondition::Never] }
        }
        // What is no column matches no row (Cinder); only administrators get here with it.
        _ => vec![text(key).map_or(SnapshotCondition::Never, |text| is(text, value))],
    })
}

fn text(key: &str) -> Option<SnapshotText> {
    Some(match key {
        "status" => SnapshotText::Status,
        "availability_zone" => SnapshotText::Zone,
        "description" | "display_description" => SnapshotText::Description,
        "user_id" => SnapshotText::User,
        _ => return None,
    })
}

/// The text, or if it is spelled as Python spells one, the value; one of several if it is a list.
fn is(text: SnapshotText, value: &str) -> SnapshotCondition {
    let values = literal::texts(value);
    values.map_or(SnapshotCondition::Never, |values| SnapshotCondition::Is(text, values))
}

fn part(name: &str, value: &str) -> SnapshotCondition {
    let text = match name {
        "name" | "display_name" => Some(SnapshotText::Name),
        "id" => Some(SnapshotText::Id),
        "volume_id" => Some(SnapshotText::Disk),
        "project_id" => Some(SnapshotText::Project),
        _ => text(name),
    };
    let part = |text| SnapshotCondition::Contains(text, value.to_owned());
    text.map_or(SnapshotCondition::Never, part)
}

fn id(of: SnapshotText, value: &str) -> SnapshotCondition {
    // One spelling for all ids, whatever they are of.
    let usual = |text: String| SnapshotId::parse(&text).map_or(text, |id| id.to_string());
    literal::texts(value).map_or(SnapshotCondition::Never, |values| {
        SnapshotCondition::Is(of, values.into_iter().map(usual).collect())
    })
}

fn size(value: &str) -> SnapshotCondition {
    let sizes: Option<Vec<i64>> = literal::texts(value)
        .map(|values| values.iter().filter_map(|text| text.parse().ok()).collect());
    sizes.map_or(SnapshotCondition::Never, SnapshotCondition::Size)
}

/// `{'key': 'value'}`, in Python's spelling or in JSON's: all pairs must match.
fn metadata(value: &str) -> Vec<SnapshotCondition> {
    let Some(pairs) = literal::pairs(value) else { return vec![SnapshotCondition::Never] };
    pairs.into_iter().map(|(key, value)| SnapshotCondition::Metadata(key, value)).collect()
}

//! What the native lists are asked in common: which page of them, and of which zone and enterprise
//! project; each wrong parameter has a code of its own.

use super::codes;
use crate::domain::page::{Direction, LARGEST_PAGE, Paging};
use crate::http::call::Call;
use crate::http::error::NativeFault;

/// The filter that lets through what any enterprise project holds.
const ALL_ENTERPRISE_PROJECTS: &str = "all_granted_eps";

/// A query parameter; an empty one is like none.
pub(super) fn given<'a>(call: &'a Call, name: &str) -> Option<&'a str> {
    call.query(name).filter(|text| !text.is_empty())
}

/// The page that a query asks for, in this order.
pub(super) fn paging_by<I, K>(
    call: &Call,
    sort: Vec<(K, Direction)>,
    parse: fn(&str) -> Option<I>,
) -> Result<Paging<I, K>, NativeFault> {
    let marker = match given(call, "marker") {
        None => None,
        Some(text) => Some(parse(text).ok_or(codes::MARKER)?),
    };
    let offset = match given(call, "offset") {
        None => 0,
        Some(text) => text.parse().ok().filter(|offset| *offset >= 0).ok_or(codes::OFFSET)?,
    };
    Ok(Paging { limit: limit(call)?, offset, marker, sort })
}

fn limit(call: &Call) -> Result<u32, NativeFault> {
    let Some(text) = given(call, "limit") else { return Ok(LARGEST_PAGE) };
    let limit: i64 = text.parse().map_err(|_| codes::LIMIT)?;
    if limit > i64::from(LARGEST_PAGE) {
        return Err(codes::LIMIT_TOO_LARGE);
    }
    u32::try_from(limit).ok().filter(|limit| *limit >= 1).ok_or(codes::LIMIT)
}

/// The zone to narrow a list by, which there must be.
pub(super) fn zone(call: &Call) -> Result<Option<String>, NativeFault> {
    let Some(zone) = given(call, "availability_zone") else { return Ok(None) };
    let known = call.app().rules().zones.iter().any(|known| known == zone);
    if known { Ok(Some(zone.to_owned())) } else { Err(codes::ZONE_FILTER) }
}

/// The enterprise project to narrow a list by.
pub(super) fn enterprise_project(call: &Call) -> Option<String> {
    let id = given(call, "enterprise_project_id")?;
    (id != ALL_ENTERPRISE_PROJECTS).then(|| id.to_owned())
}

//! What reads requests, each reader by itself and without a server, for whoever tries them with anything: the
//! fuzz targets and the tests that replay their corpus. Nothing here reads anything of its own.

use serde_json::Value;

use super::dialect::Dialect;
use super::error::ApiError;
use super::evs::{
    backup_shares, cloudbackups, cloudsnapshots, cloudvolumes, policies, tags, vendor_tags,
};
use super::openstack::{
    attachments, backups, disks, qos_specs, quotas, snapshots, transfers, types,
};
use super::page::{SortWords, next_query};
use super::{fields, identity, literal, own, page, python, received};
use crate::domain::ids::{DiskId, RequestId};
use crate::domain::microversion::MAX;
use crate::domain::page::Direction;

/// Why an input is not taken: the whole answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refused {
    /// Its status.
    pub status: u16,
    /// Its body.
    pub body: String,
}

impl Refused {
    fn of(error: &ApiError, dialect: Dialect) -> Self {
        let body = error.body(dialect, &RequestId::new("req-0")).to_string();
        Self { status: error.status().as_u16(), body }
    }
}

/// A reader of a body.
type ReadBody = fn(&Value) -> Result<(), ApiError>;

/// What may be the largest disk here.
const LARGEST_GIB: i64 = 32_768;

/// What reads bodies, by names of our own.
const BODIES: &[(&str, Dialect, ReadBody)] = &[
    ("volume", Dialect::OpenStack, |body| disks::new_disk(body, MAX).map(drop)),
    ("volume change", Dialect::OpenStack, |body| disks::disk_change(body, MAX).map(drop)),
    ("transfer", Dialect::OpenStack, |body| transfers::transfer_of(body, true).map(drop)),
    ("accept", Dialect::OpenStack, |body| transfers::presented_key(body).map(drop)),
    ("snapshot", Dialect::OpenStack, |body| snapshots::new_snapshot(body, MAX).map(drop)),
    ("snapshot change", Dialect::OpenStack, |body| snapshots::snapshot_change(body).map(drop)),
    ("backup", Dialect::OpenStack, |body| backups::bodies::new_backup(body, MAX).map(drop)),
    ("backup change", Dialect::OpenStack, |body| backups::bodies::change(body, MAX).map(drop)),
    ("restore", Dialect::OpenStack, |body| backups::bodies::restore(body).map(drop)),
    ("record", Dialect::OpenStack, |body| backups::record_of(body).map(drop)),
    ("attachment", Dialect::OpenStack, |body| attachments::new_attachment(body, MAX).map(drop)),
    ("type", Dialect::OpenStack, |body| types::new_type(body).map(drop)),
    ("type change", Dialect::OpenStack, |body| types::type_change(body).map(drop)),
    ("qos specs", Dialect::OpenStack, |body| qos_specs::new_qos_specs(body).map(drop)),
    ("quota", Dialect::OpenStack, |body| {
        quotas::limits(body, "quota_set", &["volumes".to_owned(), "gigabytes".to_owned()]).map(drop)
    }),
    ("cloudvolume", Dialect::Evs, |body| Ok(cloudvolumes::new_disks(body, LARGEST_GIB).map(drop)?)),
    ("cloudvolume change", Dialect::Evs, |body| Ok(cloudvolumes::disk_change(body).map(drop)?)),
    ("extend", Dialect::Evs, |body| cloudvolumes::new_size(body).map(drop)),
    ("retype", Dialect::Evs, |body| Ok(cloudvolumes::new_type(body).map(drop)?)),
    ("cloudsnapshot", Dialect::Evs, |body| Ok(cloudsnapshots::new_snapshot(body).map(drop)?)),
    ("cloudsnapshot change", Dialect::Evs, |body| {
        Ok(cloudsnapshots::snapshot_change(body).map(drop)?)
    }),
    ("rollback", Dialect::Evs, |body| Ok(cloudsnapshots::target(body).map(drop)?)),
    ("cloudbackup", Dialect::Evs, |body| Ok(cloudbackups::new_backup(body).map(drop)?)),
    ("share", Dialect::Evs, |body| Ok(backup_shares::new_shares(body).map(drop)?)),
    ("policy", Dialect::Evs, |body| {
        let members = body.as_object().ok_or(ApiError::MalformedBody)?;
        Ok(policies::body::new_policy(members).map(drop)?)
    }),
    ("policy change", Dialect::Evs, |body| {
        let members = body.as_object().ok_or(ApiError::MalformedBody)?;
        Ok(policies::body::policy_change(members).map(drop)?)
    }),
    ("tags", Dialect::Evs, |body| Ok(tags::tag_change(body).map(drop)?)),
    ("vendor tags", Dialect::Evs, |body| Ok(vendor_tags::tags_in(body).map(drop)?)),
    ("login", Dialect::Keystone, |body| identity::login::login(body).map(drop)),
    ("clock", Dialect::OpenStack, |body| own::clock_change(body).map(drop)),
    ("fault", Dialect::OpenStack, |body| own::fault_drafts(body.clone()).map(drop)),
];

/// The names of what reads bodies.
pub fn bodies() -> impl Iterator<Item = &'static str> {
    BODIES.iter().map(|(name, ..)| *name)
}

/// Whether a body is taken by the reader of this name; none: there is no such reader.
pub fn body(name: &str, body: &[u8]) -> Option<Result<(), Refused>> {
    let (_, dialect, read) = BODIES.iter().find(|(of, ..)| *of == name)?;
    let read = fields::parse(body).and_then(|parsed| read(&parsed));
    Some(read.map_err(|error| Refused::of(&error, *dialect)))
}

/// A page that a query asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page {
    /// At most so many.
    pub limit: u32,
    /// After leaving out so many.
    pub offset: i64,
    /// After this one.
    pub marker: Option<String>,
    /// By these words, and whether upwards.
    pub sort: Vec<(&'static str, bool)>,
}

const WORDS: SortWords<&str> =
    &[("created_at", "created_at"), ("id", "id"), ("name", "name"), ("display_name", "name")];

/// The page that a query asks for.
pub fn page(query: &str) -> Result<Page, Refused> {
    let read = || {
        let pairs = received::pairs(query)?;
        let value =
            |name: &str| pairs.iter().find(|(key, _)| key == name).map(|(_, value)| value.as_str());
        let default = ("created_at", Direction::Descending);
        page::read(&value, WORDS, default, DiskId::parse, ApiError::NotThere)
    };
    let page = read().map_err(|error| Refused::of(&error, Dialect::OpenStack))?;
    let up = |(word, direction)| (word, direction == Direction::Ascending);
    Ok(Page {
        limit: page.limit,
        offset: page.offset,
        marker: page.marker.map(|id| id.to_string()),
        sort: page.sort.into_iter().map(up).collect(),
    })
}

/// The pairs of a query.
pub fn pairs(query: &str) -> Result<Vec<(String, String)>, Refused> {
    received::pairs(query).map_err(|error| Refused::of(&error, Dialect::OpenStack))
}

/// The query for the page after this item.
pub fn next(pairs: &[(String, String)], last: &str) -> String {
    next_query(pairs.iter().map(|(key, value)| (key.as_str(), value.as_str())), last)
}

/// The value that the text of a filter spells, as Python or JSON spells it.
pub fn literal(text: &str) -> Option<Value> {
    literal::parse(text)
}

/// A value as Python spells it, as messages quote it.
pub fn quoted(value: &Value) -> String {
    python::repr(value)
}

//! Metadata with its reserved keys.

use std::collections::BTreeMap;

use super::super::codes;
use super::super::members::Members;
use crate::http::error::NativeFault;
use crate::service::disks::Source;

/// Less than this many bytes altogether.
const TOO_MUCH: usize = 1_048_576;

/// The longest key and the longest value, in characters.
const LONGEST: usize = 255;

/// How long the id of a key for encryption is, in bytes.
const KEY_ID: usize = 36;

const ENCRYPTED: &str = "__system__encrypted";
const ENCRYPTION_KEY: &str = "__system__cmkid";
const PASSTHROUGH: &str = "hw:passthrough";
const FULL_CLONE: &str = "full_clone";
const ORDER: &str = "orderID";
/// Not kept: whoever sends it wants to be answered with the ids of the new disks.
const WANTS_IDS: &str = "create_for_volume_id";

/// What is fixed once a disk is there.
pub(super) const FIXED: &[&str] = &[ENCRYPTED, ENCRYPTION_KEY, PASSTHROUGH, FULL_CLONE, ORDER];

/// What the service itself shows there.
const SHOWN: &[&str] = &["readonly", "attached_mode", "policy"];

/// The metadata of new disks.
pub(in crate::http) struct Metadata {
    pub(super) values: BTreeMap<String, String>,
    /// The answer shall name the new disks.
    pub(super) wants_ids: bool,
}

pub(super) fn create_metadata(
    volume: Members<'_>,
    source: &Source,
) -> Result<Metadata, NativeFault> {
    let mut values = values(volume)?;
    let wants_ids = values.remove(WANTS_IDS).is_some_and(|value| value == "true");
    let inherited = [ENCRYPTED, ENCRYPTION_KEY, PASSTHROUGH];
    if matches!(source, Source::Snapshot(_) | Source::Image(_))
        && inherited.iter().any(|key| values.contains_key(*key))
    {
        return Err(codes::INHERITED_METADATA);
    }
    for (key, words, fault) in [
        (PASSTHROUGH, ["true", "false"], codes::PASSTHROUGH),
        (FULL_CLONE, ["0", "1"], codes::FULL_CLONE),
        (ENCRYPTED, ["0", "1"], codes::ENCRYPTION),
    ] {
        if values.get(key).is_some_and(|value| !words.contains(&value.as_str())) {
            return Err(fault);
        }
    }
    let encrypted = values.get(ENCRYPTED).is_some_and(|value| value == "1");
    match values.get(ENCRYPTION_KEY) {
        Some(id) if id.len() != KEY_ID => Err(codes::ENCRYPTION),
        None if encrypted => Err(codes::ENCRYPTION),
        _ => Ok(Metadata { values, wants_ids }),
    }
}

/// The metadata of an update, which leaves the reserved keys alone.
pub(super) fn new_metadata(
    volume: Members<'_>,
) -> Result<Option<BTreeMap<String, String>>, NativeFault> {
    if volume.get("metadata").is_none() {
        return Ok(None);
    }
    let values = values(volume)?;
    if FIXED.iter().any(|key| values.contains_key(*key)) {
        return Err(codes::READ_ONLY_METADATA);
    }
    Ok(Some(values))
}

fn values(volume: Members<'_>) -> Result<BTreeMap<String, String>, NativeFault> {
    let Some(members) = volume.object("metadata")? else { return Ok(BTreeMap::new()) };
    let mut values = BTreeMap::new();
    let mut bytes = 0;
    for (key, value) in members.iter() {
        let value = value.as_str().ok_or(codes::WRONG_TYPE)?;
        bytes += key.len() + value.len();
        let (long, wide) = (key.chars().count(), value.chars().count());
        if !(1..=LONGEST).contains(&long) || wide > LONGEST || bytes >= TOO_MUCH {
            return Err(codes::METADATA_SIZE);
        }
        if SHOWN.contains(&key.as_str()) {
            return Err(codes::PROTECTED_METADATA);
        }
        if key.contains('\0') || value.contains('\0') {
            return Err(codes::INVALID_REQUEST);
        }
        values.insert(key.clone(), value.to_owned());
    }
    Ok(values)
}

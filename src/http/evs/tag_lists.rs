//! Lists of tags in native bodies, alike for disks and backup policies but for the codes of what is
//! wrong with them.

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::members::Members;
use crate::domain::tag::{self, MOST_TAGS, Tags};
use crate::http::error::NativeFault;

/// The most values of one key in a search.
const MOST_VALUES: usize = 10;

/// Tags as a list of keys and values.
pub(super) fn pairs(tags: &Tags) -> Vec<Value> {
    tags.iter().map(|(key, value)| json!({"key": key, "value": value})).collect()
}

/// The tags of a list; one without a value has an empty one.
pub(super) fn tags(listed: &[Value], bad: &NativeFault) -> Result<Tags, NativeFault> {
    listed.iter().map(|element| one(element, bad)).collect()
}

/// The key and the value of a tag.
pub(super) fn one(element: &Value, bad: &NativeFault) -> Result<(String, String), NativeFault> {
    let element = Members::of(element, bad.clone())?;
    let key = element.text("key")?.ok_or(bad.clone())?;
    let value = element.text("value")?.unwrap_or_default();
    tag::check(key, value).map_err(|_| bad.clone())?;
    Ok((key.to_owned(), value.to_owned()))
}

/// The keys of a list of tags.
pub(super) fn keys(listed: &[Value], bad: &NativeFault) -> Result<Vec<String>, NativeFault> {
    let key = |element: &Value| {
        let key = Members::of(element, bad.clone())?.text("key")?.ok_or(bad.clone())?;
        tag::check_key(key).map_err(|_| bad.clone())?;
        Ok(key.to_owned())
    };
    listed.iter().map(key).collect()
}

/// The keys of a search, each once, with their values; none of them stands for any.
pub(super) fn wanted(
    listed: &[Value],
    (bad, too_many): (&NativeFault, &NativeFault),
) -> Result<Vec<(String, Vec<String>)>, NativeFault> {
    let mut keys = BTreeSet::new();
    let mut wanted = Vec::new();
    for element in listed {
        let element = Members::of(element, bad.clone())?;
        let key = element.text("key")?.ok_or(bad.clone())?;
        let values = element.list("values")?;
        let texts: Option<Vec<String>> =
            values.iter().map(|value| value.as_str().map(str::to_owned)).collect();
        let texts = texts.ok_or(bad.clone())?;
        let distinct: BTreeSet<&String> = texts.iter().collect();
        if !keys.insert(key) || distinct.len() < texts.len() || texts.len() > MOST_VALUES {
            return Err(bad.clone());
        }
        wanted.push((key.to_owned(), texts));
    }
    if keys.len() > MOST_TAGS { Err(too_many.clone()) } else { Ok(wanted) }
}

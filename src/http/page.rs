//! Paging on the wire: `limit`, `offset`, `marker` and the sort parameters in, next links out.

use std::fmt::Write as _;

use super::call::Call;
use super::error::ApiError;
use crate::domain::page::{Direction, LARGEST_PAGE, Paging};

/// A list's words for what it can be sorted by.
pub(super) type SortWords<K> = &'static [(&'static str, K)];

/// The page that a query asks for. `limit=0` means none given, more than 1000 means 1000; an offset
/// beyond the end is fine; a marker that is no id is not there.
pub(super) fn paging<I, K: Copy>(
    call: &Call,
    words: SortWords<K>,
    default: (K, Direction),
    parse_id: fn(&str) -> Option<I>,
    unknown_marker: fn(String) -> ApiError,
) -> Result<Paging<I, K>, ApiError> {
    read(&|name| call.query(name), words, default, parse_id, unknown_marker)
}

/// The page that the parameters of a query ask for.
pub(super) fn read<'a, I, K: Copy>(
    query: &impl Fn(&str) -> Option<&'a str>,
    words: SortWords<K>,
    default: (K, Direction),
    parse_id: fn(&str) -> Option<I>,
    unknown_marker: fn(String) -> ApiError,
) -> Result<Paging<I, K>, ApiError> {
    let marker = match query("marker") {
        None | Some("") => None,
        Some(text) => Some(parse_id(text).ok_or_else(|| unknown_marker(text.to_owned()))?),
    };
    let limit = match limit(query)? {
        None | Some(0) => LARGEST_PAGE,
        Some(limit) => u32::try_from(limit).unwrap_or(LARGEST_PAGE).min(LARGEST_PAGE),
    };
    Ok(Paging { limit, offset: offset(query)?, marker, sort: sort(query, words, default)? })
}

/// Whether a page of nothing is asked for, which is what `limit=0` means where Cinder leaves limits to
/// its database.
pub(super) fn is_empty_page(call: &Call) -> bool {
    call.query("limit").and_then(whole_number) == Some(0)
}

fn limit<'a>(query: &impl Fn(&str) -> Option<&'a str>) -> Result<Option<i64>, ApiError> {
    match query("limit") {
        None => Ok(None),
        Some(text) => match whole_number(text) {
            None => Err(ApiError::Query("limit param must be an integer".to_owned())),
            Some(limit) if limit < 0 => {
                Err(ApiError::Query("limit param must be positive".to_owned()))
            }
            Some(limit) => Ok(Some(limit)),
        },
    }
}

fn offset<'a>(query: &impl Fn(&str) -> Option<&'a str>) -> Result<i64, ApiError> {
    match query("offset") {
        None => Ok(0),
        Some(text) => match whole_number(text) {
            None => Err(ApiError::Query("offset must be an integer".to_owned())),
            Some(offset) if offset < 0 => Err(ApiError::Query("offset must be >= 0".to_owned())),
            Some(offset) => Ok(offset),
        },
    }
}

/// A whole number of any length; what does not fit is as large or small as can be.
fn whole_number(text: &str) -> Option<i64> {
    let digits = text.strip_prefix(['-', '+']).unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(text.parse().unwrap_or(if text.starts_with('-') { i64::MIN } else { i64::MAX }))
}

fn sort<'a, K: Copy>(
    query: &impl Fn(&str) -> Option<&'a str>,
    words: SortWords<K>,
    default: (K, Direction),
) -> Result<Vec<(K, Direction)>, ApiError> {
    let (key, dir) = (query("sort_key"), query("sort_dir"));
    let spec: Vec<(&str, Option<&str>)> = match query("sort").filter(|sort| !sort.is_empty()) {
        Some(_) if key.is_some() || dir.is_some() => {
            return Err(ApiError::Query(
                "The 'sort_key' and 'sort_dir' parameters are deprecated and cannot be used with \
                 the 'sort' parameter."
                    .to_owned(),
            ));
        }
        Some(sort) => sort
            .split(',')
            .map(|part| match part.split_once(':') {
                Some((key, dir)) => (key.trim(), Some(dir.trim())),
                None => (part.trim(), None),
            })
            .collect(),
        None if key.is_none() && dir.is_none() => return Ok(vec![default]),
        None => {
            return Ok(vec![(key.map_or(Ok(default.0), |key| word(words, key))?, direction(dir)?)]);
        }
    };
    spec.into_iter().map(|(key, dir)| Ok((word(words, key)?, direction(dir)?))).collect()
}

fn word<K: Copy>(words: SortWords<K>, key: &str) -> Result<K, ApiError> {
    words.iter().find(|(word, _)| *word == key).map(|(_, key)| *key).ok_or_else(|| {
        ApiError::Query(format!("Invalid input received: Sort key supplied is invalid: {key}"))
    })
}

fn direction(dir: Option<&str>) -> Result<Direction, ApiError> {
    match dir {
        Some("asc") => Ok(Direction::Ascending),
        None | Some("" | "desc") => Ok(Direction::Descending),
        Some(_) => Err(ApiError::Query(
            "Invalid input received: Unknown sort direction, must be 'desc' or 'asc'.".to_owned(),
        )),
    }
}

/// The link to the next page, if this one is full: the request's own path and query, the marker
/// set to the last item. (Cinder drops `/detail` for transfers; a client that follows it then loses
/// `created_at`.)
pub(super) fn next_link(call: &Call, limit: u32, items: usize, last: &str) -> Option<String> {
    let full = usize::try_from(limit).is_ok_and(|limit| items == limit);
    if !full || items == 0 {
        return None;
    }
    let query = next_query(call.query_pairs(), last);
    Some(format!("{}{}?{query}", call.base(), call.path()))
}

/// A query for the page after this item.
pub(super) fn next_query<'a>(
    pairs: impl Iterator<Item = (&'a str, &'a str)>,
    last: &str,
) -> String {
    let mut query: Vec<String> = pairs
        .filter(|(key, _)| *key != "marker" && *key != "offset")
        .map(|(key, value)| format!("{}={}", encode(key), encode(value)))
        .collect();
    query.push(format!("marker={}", encode(last)));
    query.join("&")
}

/// Percent-encodes all but the unreserved characters of RFC 3986.
pub(super) fn encode(text: &str) -> String {
    let mut encoded = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            encoded.push(char::from(byte));
        } else {
            // Writing to a string cannot fail.
            let _ = write!(encoded, "%{byte:02X}");
        }
    }
    encoded
}

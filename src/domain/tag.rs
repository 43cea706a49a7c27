//! Tags of disks and backup policies: what one may be, and how many there may be (OTC "EVS API
//! Reference", "Tag Management"; VBS "Adding a Tag to a Backup Policy").

use std::collections::BTreeMap;

use thiserror::Error;

/// The most tags that a disk or a policy has.
pub const MOST_TAGS: usize = 10;

/// The longest key, in characters.
const LONGEST_KEY: usize = 36;

/// The longest value, in characters.
const LONGEST_VALUE: usize = 43;

/// Keys with a value each.
pub type Tags = BTreeMap<String, String>;

/// Why something is no tag.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidTag {
    /// Its key is empty, too long, or has other characters than letters, digits, `_` and `-`.
    #[error("a tag's key has 1 to 36 letters, digits, _ and -")]
    Key,
    /// Its value is too long or has other characters.
    #[error("a tag's value has up to 43 letters, digits, _ and -")]
    Value,
}

/// Whether this can be a tag.
pub fn check(key: &str, value: &str) -> Result<(), InvalidTag> {
    check_key(key)?;
    if value.len() <= LONGEST_VALUE && is_plain(value) { Ok(()) } else { Err(InvalidTag::Value) }
}

/// Whether this can be a tag's key.
pub fn check_key(key: &str) -> Result<(), InvalidTag> {
    let good = (1..=LONGEST_KEY).contains(&key.len()) && is_plain(key);
    if good { Ok(()) } else { Err(InvalidTag::Key) }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
}

/// How the tags of a disk or a policy change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TagChange {
    /// These are added; a key that is there gets the new value.
    Add(Tags),
    /// These take the place of all.
    Replace(Tags),
    /// Those with these keys go; keys that are not there do not matter.
    Remove(Vec<String>),
    /// The one with this key goes, which must be there.
    RemoveOne(String),
}

impl TagChange {
    /// What becomes of `tags`; none: the one to remove is not there.
    pub fn of(&self, tags: &Tags) -> Option<Tags> {
        let mut after = tags.clone();
        match self {
            Self::Add(more) => after.extend(more.clone()),
            Self::Replace(all) => after.clone_from(all),
            Self::Remove(keys) => after.retain(|key, _| !keys.contains(key)),
            Self::RemoveOne(key) => drop(after.remove(key)?),
        }
        Some(after)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_are_short_and_plain() {
        assert_eq!(check(&"k".repeat(36), &"v".repeat(43)), Ok(()));
        assert_eq!(check("k_-9", ""), Ok(()));
        for key in ["", " ", "a.b", "ü", "a b", &"k".repeat(37)] {
            assert_eq!(check(key, "v"), Err(InvalidTag::Key), "{key}");
        }
        for value in [" ", "a.b", "ü", &"v".repeat(44)] {
            assert_eq!(check("k", value), Err(InvalidTag::Value), "{value}");
        }
    }

    #[test]
    fn a_change_adds_replaces_or_removes() {
        let tags = |pairs: &[(&str, &str)]| -> Tags {
            pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect()
        };
        let (key, absent) = ("a".to_owned(), "z".to_owned());
        let before = tags(&[("a", "1"), ("b", "2")]);
        for (change, after) in [
            (
                TagChange::Add(tags(&[("a", "9"), ("c", "")])),
                Some(tags(&[("a", "9"), ("b", "2"), ("c", "")])),
            ),
            (TagChange::Replace(tags(&[("c", "3")])), Some(tags(&[("c", "3")]))),
            (TagChange::Remove(vec![key.clone(), absent.clone()]), Some(tags(&[("b", "2")]))),
            (TagChange::RemoveOne(key), Some(tags(&[("b", "2")]))),
            (TagChange::RemoveOne(absent), None),
        ] {
            assert_eq!(change.of(&before), after, "{change:?}");
        }
    }
}

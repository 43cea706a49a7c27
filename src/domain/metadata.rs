//! Metadata: the keys and values that people give their disks and snapshots.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use crate::domain::ids::derived;

/// A change of metadata.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MetadataChange {
    /// These are set, and all others stay.
    Merge(BTreeMap<String, String>),
    /// These are set, and all others go.
    Replace(BTreeMap<String, String>),
    /// The value of this key goes with it.
    Remove(String),
}

impl MetadataChange {
    /// Changes `metadata` so; the key that was to go and is not there, if there is one.
    pub fn apply(self, metadata: &mut BTreeMap<String, String>) -> Result<(), String> {
        match self {
            Self::Merge(values) => metadata.extend(values),
            Self::Replace(values) => *metadata = values,
            Self::Remove(key) => {
                metadata.remove(&key).ok_or(key)?;
            }
        }
        Ok(())
    }
}

/// The tag of some metadata, 32 hexadecimal digits: equal metadata have the same, and others do
/// not, however their keys and values are put together.
pub fn metadata_tag(metadata: &BTreeMap<String, String>) -> String {
    let mut text = String::new();
    for (key, value) in metadata {
        // Lengths keep `{"a": "bc"}` and `{"ab": "c"}` apart. Writing to a string cannot fail.
        let _ = write!(text, "{}:{key}{}:{value}", key.len(), value.len());
    }
    derived("metadata", &text)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tag(pairs: &[(&str, &str)]) -> String {
        let owned = pairs.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned()));
        metadata_tag(&owned.collect())
    }

    #[test]
    fn a_tag_tells_apart_what_differs_and_nothing_else() {
        assert_eq!(tag(&[("a", "1"), ("b", "2")]), tag(&[("b", "2"), ("a", "1")]));
        let different = [
            tag(&[]),
            tag(&[("a", "bc")]),
            tag(&[("ab", "c")]),
            tag(&[("a", "b"), ("c", "")]),
            tag(&[("a", "b1:c0:")]),
        ];
        for (n, one) in different.iter().enumerate() {
            assert_eq!(one.len(), 32);
            assert!(different.iter().skip(n + 1).all(|other| other != one), "{n}");
        }
    }
}

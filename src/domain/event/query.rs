//! Events as they are read back, and which of them are asked for.

use crate::domain::clock::Time;
use crate::domain::ids::{ProjectId, RequestId, UserId};

/// A change as it was written down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Recorded {
    /// Its number: 1, 2, 3, … in the order of the commits.
    pub seq: i64,
    /// When.
    pub at: Time,
    /// In which request.
    pub request: RequestId,
    /// Who.
    pub user: UserId,
    /// On behalf of which project.
    pub project: ProjectId,
    /// What: `disk.create`, `transfer.accept`, …
    pub action: String,
    /// The id of the resource that the action names.
    pub resource: String,
    /// The disk whose state `before` and `after` are, if they are a disk's.
    pub disk: Option<String>,
    /// The state before, as JSON; none for something new.
    pub before: Option<String>,
    /// The state after, as JSON; none for something gone.
    pub after: Option<String>,
    /// Why, if the action does not say it.
    pub reason: Option<String>,
}

/// A dotted word such as `disk.create`, or all that begin with some: `disk.*`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Words {
    /// This one.
    One(String),
    /// Those that begin with this, which ends in a dot or is empty.
    Under(String),
}

impl Words {
    /// Small letters, digits, underscores and dots, at the end perhaps `.*`; `*` alone is all.
    pub fn parse(text: &str) -> Option<Self> {
        let (stem, all) = match text.strip_suffix('*') {
            Some(stem) if stem.is_empty() || stem.ends_with('.') => (stem, true),
            Some(_) => return None,
            None => (text, false),
        };
        let known = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
        if !stem.chars().all(known) || (stem.is_empty() && !all) {
            return None;
        }
        Some(if all { Self::Under(stem.to_owned()) } else { Self::One(stem.to_owned()) })
    }

    /// Whether `word` is one of them.
    pub fn contain(&self, word: &str) -> bool {
        match self {
            Self::One(one) => one == word,
            Self::Under(stem) => word.starts_with(stem.as_str()),
        }
    }
}

/// Which events; what is none restricts nothing.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EventFilter {
    /// On behalf of this project.
    pub project: Option<ProjectId>,
    /// Of these actions.
    pub action: Option<Words>,
    /// Of one of these actions, too.
    pub among: Option<Vec<String>>,
    /// Whose states are those of this disk.
    pub disk: Option<String>,
    /// Of the resource with this id.
    pub resource: Option<String>,
    /// In this request.
    pub request: Option<String>,
    /// By this user.
    pub user: Option<String>,
    /// At this moment or later.
    pub since: Option<Time>,
    /// At this moment or earlier.
    pub until: Option<Time>,
}

/// Where the events end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Line {
    /// Which of several pasts the file's present one is: raised by whatever lets the numbers go back.
    pub epoch: i64,
    /// The number of the last event; 0: there is none.
    pub latest: i64,
}

/// Which numbers to look through, and how many events to bring at most.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Span {
    /// Only events with larger numbers.
    pub after: i64,
    /// Only events with this number or smaller ones.
    pub up_to: i64,
    /// At most so many, the earliest.
    pub limit: u32,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_are_one_or_all_below_a_dot() {
        let contain = |words: &str, word: &str| Words::parse(words).unwrap().contain(word);
        assert!(contain("disk.create", "disk.create"));
        assert!(!contain("disk.create", "disk.create.end"));
        assert!(contain("disk.*", "disk.create") && !contain("disk.*", "disk_type.create"));
        assert!(contain("*", "clock.set"));
        for text in ["", "disk*", "Disk.create", "disk.[a]*", "*.create", "disk create", "disk.**"]
        {
            assert_eq!(Words::parse(text), None, "{text}");
        }
    }
}

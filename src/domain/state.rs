//! Saved states: what one is called, what is in it, and how two differ.

use std::fmt;

use thiserror::Error;

use super::clock::Time;
use super::ids::ProjectId;

/// The longest name of a state.
const LONGEST_NAME: usize = 64;

/// What stands for the present state where two are compared.
pub const NOW: &str = "now";

/// Names that mean something else where a state's name may stand.
const RESERVED: [&str; 3] = [NOW, "diff", "reset"];

/// The name of a saved state, which is also that of its file: 1 to 64 letters, digits, `.`, `_` and
/// `-`, the first no dot.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct StateName(String);

impl StateName {
    /// The name, if it is one.
    pub fn parse(text: &str) -> Result<Self, StateRefused> {
        let fits = |c: char| c.is_ascii_alphanumeric() || "._-".contains(c);
        let well_formed = (1..=LONGEST_NAME).contains(&text.len())
            && text.chars().all(fits)
            && !text.starts_with('.');
        if !well_formed {
            Err(StateRefused::NoName(text.to_owned()))
        } else if RESERVED.contains(&text) {
            Err(StateRefused::Reserved(text.to_owned()))
        } else {
            Ok(Self(text.to_owned()))
        }
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for StateName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// One of the two states that are compared.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Side {
    /// The present one.
    Now,
    /// A saved one.
    Saved(StateName),
}

impl Side {
    /// The side that a word names.
    pub fn parse(text: &str) -> Result<Self, StateRefused> {
        if text == NOW { Ok(Self::Now) } else { StateName::parse(text).map(Self::Saved) }
    }
}

impl fmt::Display for Side {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Now => f.write_str(NOW),
            Self::Saved(name) => name.fmt(f),
        }
    }
}

/// Whether a state that is there may be saved over.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Overwrite {
    /// It may.
    Yes,
    /// It stays.
    No,
}

/// How much of a difference is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Every row.
    All,
    /// The rows of what people work with, not too many of each table; the others are counted.
    Usual,
}

/// A saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SavedState {
    /// What it is called.
    pub name: StateName,
    /// How large its file is.
    pub bytes: u64,
    /// What is in it; the sentence says why that cannot be told.
    pub contents: Result<Contents, StateRefused>,
}

/// What is in a saved state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contents {
    /// When it was saved, by the machine's clock; none: it was not saved by us.
    pub saved_at: Option<Time>,
    /// The number of its newest migration.
    pub schema: i64,
    /// How many disks there are.
    pub disks: i64,
    /// How many transfers are pending.
    pub transfers: i64,
}

/// What has become of a file whose content was replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Replacement {
    /// How many rows there are, in all tables.
    pub rows: u64,
    /// Which past the file has now: one more than before.
    pub epoch: i64,
}

/// What was removed when a project was reset.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Removed {
    /// Disks.
    pub disks: usize,
    /// Transfers that were pending.
    pub transfers: usize,
    /// Snapshots.
    pub snapshots: usize,
    /// Backups.
    pub backups: usize,
    /// Backup policies.
    pub policies: usize,
}

impl Removed {
    /// Each kind with its number.
    pub fn counts(&self) -> [(&'static str, usize); 5] {
        [
            ("disks", self.disks),
            ("transfers", self.transfers),
            ("snapshots", self.snapshots),
            ("backups", self.backups),
            ("policies", self.policies),
        ]
    }
}

/// How two states differ.
#[derive(Debug, Clone, PartialEq)]
pub struct Difference {
    /// Each table that differs, by name.
    pub tables: Vec<TableDifference>,
    /// Tables that only the first has: the schemas differ.
    pub only_from: Vec<String>,
    /// Tables that only the second has.
    pub only_to: Vec<String>,
}

/// How a table differs.
#[derive(Debug, Clone, PartialEq)]
pub struct TableDifference {
    /// Its name.
    pub table: String,
    /// How many rows only the second has.
    pub added: u64,
    /// How many rows only the first has.
    pub removed: u64,
    /// How many rows both have with other values.
    pub changed: u64,
    /// The rows, as far as they are told.
    pub rows: Vec<RowDifference>,
}

impl TableDifference {
    /// How many rows differ without being told.
    pub fn untold(&self) -> u64 {
        let told = u64::try_from(self.rows.len()).unwrap_or(u64::MAX);
        (self.added + self.removed + self.changed).saturating_sub(told)
    }
}

/// How a row differs.
#[derive(Debug, Clone, PartialEq)]
pub struct RowDifference {
    /// The columns that name it, with their values.
    pub key: Vec<(String, Cell)>,
    /// What differs.
    pub change: RowChange,
}

/// What differs in a row.
#[derive(Debug, Clone, PartialEq)]
pub enum RowChange {
    /// Only the second state has it, with these values.
    Added(Vec<(String, Cell)>),
    /// Only the first state has it, with these values.
    Removed(Vec<(String, Cell)>),
    /// Columns with what the first and the second state have there.
    Changed(Vec<(String, Cell, Cell)>),
}

/// A value of a row.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// None.
    Null,
    /// A number.
    Integer(i64),
    /// A number with a fraction.
    Real(f64),
    /// A text.
    Text(String),
    /// A hash, a secret or what is sealed: never shown.
    Hidden,
}

impl fmt::Display for Cell {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("-"),
            Self::Integer(number) => number.fmt(f),
            Self::Real(number) => number.fmt(f),
            Self::Text(text) => f.write_str(text),
            Self::Hidden => f.write_str("[hidden]"),
        }
    }
}

/// Why something is not done with a state.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum StateRefused {
    /// The text is no name.
    #[error(
        "\"{0}\" is no name of a state: 1 to {LONGEST_NAME} letters, digits, '.', '_' and '-', the first no dot"
    )]
    NoName(String),
    /// The name means something else.
    #[error("no state is called \"{0}\": that word means something else")]
    Reserved(String),
    /// There is no such state.
    #[error("there is no state {0}")]
    Unknown(StateName),
    /// There is one already.
    #[error(
        "there is a state {0} already; say that it is to be overwritten, or choose another name"
    )]
    Exists(StateName),
    /// The file is no state of ours.
    #[error("state {0} is not the data file of this program")]
    Foreign(StateName),
    /// A newer version of this program wrote it.
    #[error(
        "state {name} has schema {schema}, which is newer than {known}, the newest this program knows"
    )]
    Newer {
        /// The state.
        name: StateName,
        /// Its schema.
        schema: i64,
        /// Ours.
        known: i64,
    },
    /// The file is damaged, or was cut off.
    #[error("state {name} is damaged: {why}")]
    Damaged {
        /// The state.
        name: StateName,
        /// What is wrong with it.
        why: String,
    },
    /// The file is intact, but what is in it contradicts itself.
    #[error("state {name} breaks what must hold: {}", .sentences.join("; "))]
    Broken {
        /// The state.
        name: StateName,
        /// The doctor's sentences, not too many.
        sentences: Vec<String>,
    },
    /// Somebody made a table of their own that refers to what would be gone.
    #[error(
        "a row of {table}, a table made by hand, refers to a row of {parent} that would be gone"
    )]
    Referred {
        /// The table.
        table: String,
        /// The table that it refers to.
        parent: String,
    },
    /// Everybody on the network could come in.
    #[error(
        "an account would have the default password, and this server listens beyond loopback; allow that with \
         --allow-remote"
    )]
    Exposed,
    /// There is no such project.
    #[error("there is no project {0}")]
    NoProject(ProjectId),
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_that_of_a_file_and_of_nothing_else() {
        for name in ["a", "before-upgrade", "v1.2_rc", "A9", "x.db", "-", &"n".repeat(64)] {
            assert_eq!(StateName::parse(name).unwrap().as_str(), name);
        }
        for name in ["", ".", "..", ".hidden", "a/b", "a b", "ä", "a\0", "a\\b", &"n".repeat(65)] {
            assert_eq!(StateName::parse(name), Err(StateRefused::NoName(name.to_owned())));
        }
        for name in ["now", "diff", "reset"] {
            assert_eq!(StateName::parse(name), Err(StateRefused::Reserved(name.to_owned())));
        }
    }

    #[test]
    fn a_side_is_the_present_or_a_name() {
        assert_eq!(Side::parse("now"), Ok(Side::Now));
        assert_eq!(Side::parse("a").map(|side| side.to_string()), Ok("a".to_owned()));
        assert!(Side::parse("").is_err());
    }
}

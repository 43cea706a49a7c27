//! Scenarios: what people want to be there, as a file says it, and what cannot be so.
//!
//! An entry names a thing by what identifies it and says of it what somebody cares about; what it does
//! not say stays as it is, or is as usual for a new thing. Must not know: how a file is spelled.

mod disks;
mod entries;
mod parts;

use std::fmt;
use std::ops::Deref;

use thiserror::Error;

pub use disks::{Moment, check_disk, onto_disk};
pub use entries::{
    AttachmentEntry, BackupEntry, DiskEntry, Ends, PolicyEntry, ProjectEntry, SnapshotEntry,
    TransferEntry, TypeEntry, UnderWay, UserEntry,
};
pub use parts::{onto_backup, onto_policy, onto_snapshot};

/// Where something stands in a scenario, both counted from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Place {
    /// The line.
    pub line: usize,
    /// The character of that line.
    pub column: usize,
}

/// A value and where it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct At<T> {
    /// The value.
    pub value: T,
    /// Where it stands.
    pub place: Place,
}

impl<T> At<T> {
    /// A value that stands nowhere yet.
    pub fn new(value: T) -> Self {
        Self { value, place: Place::default() }
    }
}

impl<T> Deref for At<T> {
    type Target = T;

    fn deref(&self) -> &T {
        &self.value
    }
}

/// A text that prints as nothing: a password.
#[derive(Clone, PartialEq, Eq)]
pub struct Hidden(String);

impl Hidden {
    /// Takes the text.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for Hidden {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Hidden(..)")
    }
}

/// Something that cannot be as the scenario says, and why.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Complaint {
    /// Where it says so.
    pub place: Place,
    /// Why it cannot be.
    pub sentence: String,
}

/// Everything that is wrong with a scenario, a line each, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default, Error)]
pub struct Complaints(Vec<Complaint>);

impl Complaints {
    /// One more.
    pub fn add(&mut self, place: Place, sentence: impl Into<String>) {
        let complaint = Complaint { place, sentence: sentence.into() };
        if !self.0.contains(&complaint) {
            self.0.push(complaint);
        }
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// All of them, in the order of the file.
    #[must_use]
    pub fn sorted(mut self) -> Self {
        self.0.sort();
        self
    }
}

/// `LINE:COLUMN: sentence`, which a file's name can be put before.
impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (n, complaint) in self.0.iter().enumerate() {
            let Place { line, column } = complaint.place;
            let separator = if n == 0 { "" } else { "\n" };
            write!(f, "{separator}{line}:{column}: {}", complaint.sentence)?;
        }
        Ok(())
    }
}

/// A scenario: entries of each kind, in the order of the file.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scenario {
    /// Projects.
    pub projects: Vec<ProjectEntry>,
    /// Users.
    pub users: Vec<UserEntry>,
    /// Disk types.
    pub types: Vec<TypeEntry>,
    /// Disks.
    pub disks: Vec<DiskEntry>,
    /// Snapshots.
    pub snapshots: Vec<SnapshotEntry>,
    /// Backups.
    pub backups: Vec<BackupEntry>,
    /// Backup policies.
    pub policies: Vec<PolicyEntry>,
    /// Pending transfers.
    pub transfers: Vec<TransferEntry>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn complaints_are_told_once_in_the_order_of_the_file() {
        let mut complaints = Complaints::default();
        let at = |line, column| Place { line, column };
        complaints.add(at(9, 1), "second");
        complaints.add(at(2, 7), "first");
        complaints.add(at(9, 1), "second");
        assert_eq!(complaints.sorted().to_string(), "2:7: first\n9:1: second");
    }

    #[test]
    fn a_password_does_not_print() {
        assert_eq!(format!("{:?}", Hidden::new("hush".to_owned())), "Hidden(..)");
    }
}

//! Scenarios as TOML: read with the line and column of whatever is wrong, and written.
//!
//! Knows how a scenario is spelled. Must not know: what is there already, and how a scenario comes true.

mod entries;
mod reader;
mod things;
mod writer;

use toml::de::DeTable;

use crate::domain::scenario::{Complaints, Place, Scenario};
use reader::{Entry, Lines};

pub use writer::render;

/// An example that shows every rule of transfers.
pub const EXAMPLE: &str = include_str!("../../config/scenarios/transfer-rules.toml");

/// Reads a scenario, or tells everything that is wrong with it as it stands.
pub fn parse(text: &str) -> Result<Scenario, Complaints> {
    let lines = Lines::of(text);
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut complaints = Complaints::default();
    for error in errors {
        let place =
            error.span().map_or(Place { line: 1, column: 1 }, |span| lines.place(span.start));
        complaints.add(place, error.message());
    }
    if !complaints.is_empty() {
        return Err(complaints.sorted());
    }
    let mut top = Entry::new(document.get_ref(), document.span().start, &lines, &mut complaints);
    let scenario = Scenario {
        projects: top.each("project", entries::project),
        users: top.each("user", entries::user),
        types: top.each("type", entries::disk_type),
        disks: top.each("disk", things::disk),
        snapshots: top.each("snapshot", things::snapshot),
        backups: top.each("backup", things::backup),
        policies: top.each("policy", entries::policy),
        transfers: top.each("transfer", entries::transfer),
    };
    top.no_others();
    if complaints.is_empty() { Ok(scenario) } else { Err(complaints.sorted()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn complaints(text: &str) -> String {
        parse(text).unwrap_err().to_string()
    }

    #[test]
    fn whatever_is_wrong_is_told_at_once_with_its_line_and_column() {
        let text = "[[project]]\nname = 7\ncolour = \"red\"\n\n[[disk]]\nproject = \"demo\"\nname = \"a\"\n\
                    status = \"in_use\"\nsize = 0\nends_in_s = -1\n[[disks]]\n";
        assert_eq!(
            complaints(text),
            "2:8: name is a text, in quotes\n\
             3:1: there is no key \"colour\" here; there are description, enabled, id, name, quota\n\
             8:10: \"in_use\" is no status of a disk: creating, downloading, available, attaching, \
             in-use, detaching, extending, backing-up, restoring-backup, uploading, rollbacking, \
             reverting, retyping, awaiting-transfer, deleting, error, error_extending, \
             error_restoring, error_rollbacking, error_deleting, error_managing, error_backing-up, \
             maintenance, reserved\n\
             9:8: size is at least 1\n\
             10:13: ends_in_s is a number of seconds, not negative\n\
             11:3: there is no key \"disks\" here; there are backup, disk, policy, project, \
             snapshot, transfer, type, user"
        );
    }

    #[test]
    fn what_is_no_toml_is_told_where_it_ends_to_be_some() {
        let told = complaints("[[project]]\nname = \"a\nid = 7\n");
        assert!(told.starts_with("2:"), "{told}");
    }

    #[test]
    fn the_example_is_well_formed() {
        assert_eq!(parse(EXAMPLE).map(|scenario| scenario.transfers.len()), Ok(1));
    }
}

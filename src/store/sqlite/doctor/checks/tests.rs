//! The checks agree with the domain and the schema.

use super::checks;
use crate::domain::attachment::AttachStatus;
use crate::domain::backup::BackupStatus;
use crate::domain::disk::DiskStatus;
use crate::domain::fault::{CrashPoint, EffectWord, ErrorKind, Moment, Way, WorkPoint};
use crate::domain::progress::Operation;
use crate::domain::snapshot::SnapshotStatus;
use crate::domain::transfer::TransferStatus;

fn words(text: &str) -> Vec<&str> {
    let inside = text.split_once('(').unwrap().1.split_once(')').unwrap().0;
    inside.split('\'').skip(1).step_by(2).collect()
}

fn of_domain() -> [(&'static str, Vec<&'static str>); 5] {
    [
        ("disks", DiskStatus::ALL.iter().map(|status| status.as_str()).collect()),
        ("snapshots", SnapshotStatus::ALL.iter().map(|status| status.as_str()).collect()),
        ("backups", BackupStatus::ALL.iter().map(|status| status.as_str()).collect()),
        ("transfers", TransferStatus::ALL.iter().map(|status| status.as_str()).collect()),
        ("attachments", AttachStatus::ALL.iter().map(|status| status.as_str()).collect()),
    ]
}

#[test]
fn the_doctor_knows_the_statuses_of_the_domain() {
    let check = checks().find(|check| check.name == "every status is known").unwrap();
    let lists: Vec<&str> = check.sql.split("status NOT IN").skip(1).collect();
    for (list, (table, expected)) in lists.iter().zip(of_domain()) {
        assert_eq!(words(list), expected, "{table}");
    }
    assert_eq!(lists.len(), 5);
}

#[test]
fn the_schema_knows_the_statuses_of_the_domain() {
    let schema = [
        include_str!("../../../../../migrations/sqlite/0002_disks.sql"),
        include_str!("../../../../../migrations/sqlite/0024_snapshots_take_time.sql"),
        include_str!("../../../../../migrations/sqlite/0004_backups.sql"),
        include_str!("../../../../../migrations/sqlite/0006_transfers.sql"),
        include_str!("../../../../../migrations/sqlite/0020_attachments.sql"),
    ]
    .concat();
    for (table, expected) in of_domain() {
        let constraint = [table, "_status_is_known CHECK (status IN "].concat();
        let list = schema.split_once(&constraint).expect(table).1;
        assert_eq!(words(list), expected, "{table}");
    }
}

#[test]
fn no_two_checks_have_the_same_name() {
    let mut names: Vec<&str> = checks().map(|check| check.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), checks().count());
}

#[test]
fn the_doctor_and_the_schema_know_the_effects_of_faults() {
    let check = checks().find(|check| check.name == "a fault has an effect that there is").unwrap();
    let lists: Vec<&str> = check.sql.split(" IN (").skip(1).collect();
    let texts = |list: &[&'static str]| list.to_vec();
    let of = |index: usize| {
        let (list, _) = lists[index].split_once(')').unwrap();
        list.split('\'').skip(1).step_by(2).collect::<Vec<_>>()
    };
    let errors: Vec<&str> = ErrorKind::ALL.iter().map(|kind| kind.as_str()).collect();
    let calls = CrashPoint::ALL.iter().map(|point| point.as_str());
    let moments = Moment::ALL.iter().map(|moment| moment.as_str());
    let moments: Vec<&str> = moments.chain(calls.clone()).collect();
    let steps = Operation::ALL.iter().map(|step| step.as_str()).chain(["*"]).collect::<Vec<_>>();
    let points: Vec<&str> =
        calls.chain(WorkPoint::ALL.iter().map(|point| point.as_str())).collect();
    let ways = Way::ALL.iter().filter(|way| **way != Way::Drop);
    let ways: Vec<&str> = ways.map(|way| way.word().as_str()).collect();
    for (index, expected) in [errors, moments, steps, ways, points].iter().enumerate() {
        assert_eq!(of(index), texts(expected), "list {index}");
    }
    let schema = include_str!("../../../../../migrations/sqlite/0037_points.sql");
    let list = schema.split_once("faults_effect_is_known CHECK (effect IN ").unwrap().1;
    let effects: Vec<&str> = EffectWord::ALL.iter().map(|word| word.as_str()).collect();
    assert_eq!(words(list), effects);
}

//! The rules for offering a disk and for taking it.

use thiserror::Error;

use crate::domain::backup::BackupStatus;
use crate::domain::disk::{Disk, DiskStatus};
use crate::domain::ids::{BackupId, PolicyId, SnapshotId};
use crate::domain::snapshot::SnapshotStatus;

/// How many things stand in the way, and one of them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Obstacles<I, S> {
    /// How many there are, at least 1.
    pub count: i64,
    /// The oldest.
    pub first: I,
    /// Its status.
    pub status: S,
}

/// All that decides whether a disk may be handed over, read in one statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferFacts {
    /// The disk.
    pub disk: Disk,
    /// Its snapshots, in any status.
    pub snapshots: Option<Obstacles<SnapshotId, SnapshotStatus>>,
    /// Its backups, in any status.
    pub backups: Option<Obstacles<BackupId, BackupStatus>>,
    /// The backup policy it is bound to, running or not: id and name.
    pub policy: Option<(PolicyId, String)>,
}

/// The rule that forbids a transfer, and what breaks it.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum TransferRefused {
    /// The disk is in another status.
    #[error("status must be available, but the current status is {0}")]
    NotAvailable(DiskStatus),
    /// The disk has snapshots.
    #[error("disk has snapshots: {} in all, among them {} in status {}", .0.count, .0.first, .0.status)]
    HasSnapshots(Obstacles<SnapshotId, SnapshotStatus>),
    /// The disk has backups.
    #[error("disk has backups: {} in all, among them {} in status {}", .0.count, .0.first, .0.status)]
    HasBackups(Obstacles<BackupId, BackupStatus>),
    /// The disk is under a backup policy.
    #[error("disk is associated with a backup policy: {name} ({id})")]
    BoundToPolicy {
        /// The policy's id.
        id: PolicyId,
        /// The policy's name.
        name: String,
    },
    /// The disk is a system disk.
    #[error("system disks cannot be transferred: the disk is bootable")]
    SystemDisk,
    /// The disk is encrypted, by its type or by its metadata.
    #[error("transferring encrypted volume is not supported: {0}")]
    Encrypted(&'static str),
    /// The disk is paid for by the year or the month.
    #[error("yearly/monthly disks cannot be transferred: metadata orderID is '{0}'")]
    YearlyMonthly(String),
    /// The disk lies on dedicated storage.
    #[error("disks on dedicated storage cannot be transferred: dedicated_storage_id is '{0}'")]
    DedicatedStorage(String),
}

/// A rule that the settings may switch off.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OptionalRule {
    /// Disks paid for by the year or the month stay.
    YearlyMonthly,
    /// Disks on dedicated storage stay.
    DedicatedStorage,
}

/// Which optional rules are in force.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct OptionalRules {
    /// Disks paid for by the year or the month stay.
    pub yearly_monthly: bool,
    /// Disks on dedicated storage stay.
    pub dedicated_storage: bool,
}

impl OptionalRules {
    fn in_force(self, rule: OptionalRule) -> bool {
        match rule {
            OptionalRule::YearlyMonthly => self.yearly_monthly,
            OptionalRule::DedicatedStorage => self.dedicated_storage,
        }
    }
}

/// When a rule applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Moment {
    /// When the disk is offered only.
    Create,
    /// When it is offered and again when it is taken.
    Always,
}

/// One rule of handing a disk over.
#[derive(Debug)]
pub struct Rule {
    /// What it is called.
    pub name: &'static str,
    moment: Moment,
    optional: Option<OptionalRule>,
    broken: fn(&TransferFacts) -> Option<TransferRefused>,
}

const fn rule(
    name: &'static str,
    moment: Moment,
    optional: Option<OptionalRule>,
    broken: fn(&TransferFacts) -> Option<TransferRefused>,
) -> Rule {
    Rule { name, moment, optional, broken }
}

/// The metadata key that marks an encrypted disk when its value is `1` (OTC `evs_04_2105`).
pub const ENCRYPTED_KEY: &str = "__system__encrypted";
/// The metadata key that marks a yearly or monthly disk when its value is not empty.
pub const ORDER_KEY: &str = "orderID";

/// Every rule, in the order in which the API reports them. The page "Creating a Disk Transfer" has
/// the first five; encryption is OTC's (`evs_04_2105`), the last two Huawei Cloud's (`evs_04_2106`).
/// "With backups and snapshots" is read as: either forbids, whatever its status.
pub const RULES: &[Rule] = &[
    rule("available", Moment::Create, None, |f| {
        (f.disk.status != DiskStatus::Available)
            .then_some(TransferRefused::NotAvailable(f.disk.status))
    }),
    rule("no snapshots", Moment::Always, None, |f| {
        f.snapshots.clone().map(TransferRefused::HasSnapshots)
    }),
    rule("no backups", Moment::Always, None, |f| {
        f.backups.clone().map(TransferRefused::HasBackups)
    }),
    rule("no backup policy", Moment::Always, None, |f| {
        f.policy.clone().map(|(id, name)| TransferRefused::BoundToPolicy { id, name })
    }),
    rule("data disk", Moment::Always, None, |f| {
        f.disk.bootable.then_some(TransferRefused::SystemDisk)
    }),
    rule("not encrypted", Moment::Always, None, |f| {
        if f.disk.encrypted {
            Some(TransferRefused::Encrypted("the disk type is encrypted"))
        } else if f.disk.metadata.get(ENCRYPTED_KEY).is_some_and(|value| value == "1") {
            Some(TransferRefused::Encrypted("metadata __system__encrypted is '1'"))
        } else {
            None
        }
    }),
    rule("not yearly or monthly", Moment::Always, Some(OptionalRule::YearlyMonthly), |f| {
        let order = f.disk.metadata.get(ORDER_KEY).filter(|order| !order.is_empty())?;
        Some(TransferRefused::YearlyMonthly(order.clone()))
    }),
    rule("not dedicated", Moment::Always, Some(OptionalRule::DedicatedStorage), |f| {
        f.disk.dedicated_storage.clone().map(TransferRefused::DedicatedStorage)
    }),
];

/// Whether the disk may be offered: the first broken rule, in the order of [`RULES`].
pub fn may_be_created(
    facts: &TransferFacts,
    optional: OptionalRules,
) -> Result<(), TransferRefused> {
    first_broken(facts, optional, &[Moment::Create, Moment::Always])
}

/// Whether the offered disk may be taken now: the rules again, but for the status, which is
/// `awaiting-transfer` by now and the state machine's business.
pub fn may_be_accepted(
    facts: &TransferFacts,
    optional: OptionalRules,
) -> Result<(), TransferRefused> {
    first_broken(facts, optional, &[Moment::Always])
}

fn first_broken(
    facts: &TransferFacts,
    optional: OptionalRules,
    moments: &[Moment],
) -> Result<(), TransferRefused> {
    RULES
        .iter()
        .filter(|rule| moments.contains(&rule.moment))
        .filter(|rule| rule.optional.is_none_or(|optional_rule| optional.in_force(optional_rule)))
        .find_map(|rule| (rule.broken)(facts))
        .map_or(Ok(()), Err)
}

/// What a rule says of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It does not forbid that the disk is offered.
    Holds,
    /// It forbids it.
    Broken(TransferRefused),
    /// It is switched off.
    Off,
}

/// What each rule says of offering a disk, in the order of [`RULES`].
pub fn verdicts(
    facts: &TransferFacts,
    optional: OptionalRules,
) -> impl Iterator<Item = (&'static str, Verdict)> {
    RULES.iter().map(move |rule| {
        let off = rule.optional.is_some_and(|rule| !optional.in_force(rule));
        let verdict = if off {
            Verdict::Off
        } else {
            (rule.broken)(facts).map_or(Verdict::Holds, Verdict::Broken)
        };
        (rule.name, verdict)
    })
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use chrono::DateTime;

    use super::*;
    use crate::domain::ids::{DiskId, ProjectId, UserId};

    const ALL: OptionalRules = OptionalRules { yearly_monthly: true, dedicated_storage: true };

    fn fit() -> TransferFacts {
        let disk = Disk {
            id: DiskId::random(),
            project: ProjectId::new("atlas"),
            user: UserId::new("ann"),
            name: None,
            description: None,
            size_gib: 40,
            status: DiskStatus::Available,
            disk_type: "SSD".to_owned(),
            zone: "az-sim-1".to_owned(),
            bootable: false,
            multiattach: false,
            encrypted: false,
            dedicated_storage: None,
            metadata: BTreeMap::new(),
            read_only: None,
            from_snapshot: None,
            from_disk: None,
            image_metadata: BTreeMap::new(),
            pending: None,
            transfer: None,
            policy: None,
            attachments: Vec::new(),
            created_at: DateTime::UNIX_EPOCH,
            updated_at: None,
        };
        TransferFacts { disk, snapshots: None, backups: None, policy: None }
    }

    type Breaker = (&'static str, fn(&mut TransferFacts));

    /// Each rule broken alone, in the order of the reference.
    fn breakers() -> Vec<Breaker> {
        vec![
            ("available", |f| f.disk.status = DiskStatus::InUse),
            ("no snapshots", |f| {
                f.snapshots = Some(Obstacles {
                    count: 1,
                    first: SnapshotId::random(),
                    status: SnapshotStatus::Error,
                });
            }),
            ("no backups", |f| {
                f.backups = Some(Obstacles {
                    count: 2,
                    first: BackupId::random(),
                    status: BackupStatus::Available,
                });
            }),
            ("no backup policy", |f| f.policy = Some((PolicyId::random(), "nightly".to_owned()))),
            ("data disk", |f| f.disk.bootable = true),
            ("not encrypted", |f| f.disk.encrypted = true),
            ("not yearly or monthly", |f| {
                f.disk.metadata.insert(ORDER_KEY.to_owned(), "CS1".to_owned());
            }),
            ("not dedicated", |f| f.disk.dedicated_storage = Some("dss-1".to_owned())),
        ]
    }

    #[test]
    fn the_rules_stand_in_the_order_of_the_reference() {
        let names: Vec<&str> = RULES.iter().map(|rule| rule.name).collect();
        let expected: Vec<&str> = breakers().into_iter().map(|(name, _)| name).collect();
        assert_eq!(names, expected);
    }

    #[test]
    fn each_rule_alone_refuses_and_the_earlier_of_two_is_reported() {
        assert_eq!(may_be_created(&fit(), ALL), Ok(()));
        let breakers = breakers();
        for (i, (name, break_it)) in breakers.iter().enumerate() {
            let mut facts = fit();
            break_it(&mut facts);
            let alone = may_be_created(&facts, ALL).expect_err(name);
            for (_, break_later) in &breakers[i + 1..] {
                let mut both = facts.clone();
                break_later(&mut both);
                assert_eq!(may_be_created(&both, ALL), Err(alone.clone()), "{name}");
            }
        }
    }

    #[test]
    fn the_verdicts_name_every_rule_in_order_and_all_that_are_broken() {
        let names = |facts: &TransferFacts, optional| -> Vec<(&str, Verdict)> {
            verdicts(facts, optional).collect()
        };
        let holding: Vec<_> = RULES.iter().map(|rule| (rule.name, Verdict::Holds)).collect();
        assert_eq!(names(&fit(), ALL), holding);
        let mut facts = fit();
        for (_, break_it) in breakers() {
            break_it(&mut facts);
        }
        let broken = names(&facts, ALL);
        assert!(broken.iter().all(|(_, verdict)| matches!(verdict, Verdict::Broken(_))));
        let first = broken.first().map(|(_, verdict)| verdict.clone());
        assert_eq!(first, may_be_created(&facts, ALL).err().map(Verdict::Broken));
        let off = OptionalRules { yearly_monthly: false, dedicated_storage: false };
        let switched_off = names(&facts, off);
        assert_eq!(switched_off[..6], broken[..6]);
        assert_eq!(
            switched_off[6..],
            [("not yearly or monthly", Verdict::Off), ("not dedicated", Verdict::Off)]
        );
    }

    #[test]
    fn accept_checks_the_same_rules_but_for_the_status() {
        for (name, break_it) in breakers() {
            let mut facts = fit();
            break_it(&mut facts);
            let expected = if name == "available" { Ok(()) } else { may_be_created(&facts, ALL) };
            assert_eq!(may_be_accepted(&facts, ALL), expected, "{name}");
        }
    }

    #[test]
    fn an_optional_rule_is_switched_off_by_the_settings() {
        let off = OptionalRules { yearly_monthly: false, dedicated_storage: false };
        for (name, break_it) in breakers() {
            let mut facts = fit();
            break_it(&mut facts);
            let optional = ["not yearly or monthly", "not dedicated"].contains(&name);
            assert_eq!(may_be_created(&facts, off).is_ok(), optional, "{name}");
        }
    }
}

//! Quotas: what a project may have, what it has, and the first limit that a wish would break.

use std::collections::BTreeMap;

use thiserror::Error;

/// The keys that every project has a limit for, in the order of the API's answers.
pub const KEYS: &[&str] = &[
    "volumes",
    "per_volume_gigabytes",
    "snapshots",
    "gigabytes",
    "backups",
    "backup_gigabytes",
    "groups",
];

/// The kinds of key that exist for each disk type, as `KIND_TYPE`.
pub const TYPE_KINDS: &[&str] = &["volumes", "gigabytes", "snapshots"];

/// No limit.
pub const UNLIMITED: i64 = -1;

/// The limits of a project by key; a key without an entry has none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Limits(pub BTreeMap<String, i64>);

impl Limits {
    /// These limits with the project's own over them.
    #[must_use]
    pub fn with(&self, own: &BTreeMap<String, i64>) -> Self {
        let mut limits = self.0.clone();
        limits.extend(own.iter().map(|(key, limit)| (key.clone(), *limit)));
        Self(limits)
    }

    /// The limit of a key; [`UNLIMITED`] where there is none.
    pub fn of(&self, key: &str) -> i64 {
        self.0.get(key).copied().unwrap_or(UNLIMITED)
    }
}

/// What a project has, counted from the rows.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Usage {
    /// Disks and snapshots by disk type.
    pub by_type: BTreeMap<String, TypeUsage>,
    /// Backups.
    pub backups: i64,
    /// Their sizes in GiB.
    pub backup_gib: i64,
}

/// What a project has of one disk type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct TypeUsage {
    /// Disks.
    pub disks: i64,
    /// Their sizes in GiB.
    pub disk_gib: i64,
    /// Snapshots of disks of that type.
    pub snapshots: i64,
    /// Their sizes in GiB, which count as `gigabytes` too.
    pub snapshot_gib: i64,
}

impl Usage {
    /// How much of a key is used; 0 for a key that nothing counts towards.
    pub fn of(&self, key: &str) -> i64 {
        let sum = |count: fn(&TypeUsage) -> i64| self.by_type.values().map(count).sum::<i64>();
        let one =
            |name: &str, count: fn(&TypeUsage) -> i64| self.by_type.get(name).map_or(0, count);
        let gib = |usage: &TypeUsage| usage.disk_gib + usage.snapshot_gib;
        match key {
            "volumes" => sum(|usage| usage.disks),
            "gigabytes" => sum(gib),
            "snapshots" => sum(|usage| usage.snapshots),
            "backups" => self.backups,
            "backup_gigabytes" => self.backup_gib,
            _ => match key.split_once('_') {
                Some(("volumes", name)) => one(name, |usage| usage.disks),
                Some(("gigabytes", name)) => one(name, gib),
                Some(("snapshots", name)) => one(name, |usage| usage.snapshots),
                _ => 0,
            },
        }
    }
}

impl Usage {
    /// Counts what a wish adds when it is granted.
    pub fn add(&mut self, wish: Wish<'_>) {
        let mut of_type = |name: &str, more: TypeUsage| {
            let usage = self.by_type.entry(name.to_owned()).or_default();
            usage.disks += more.disks;
            usage.disk_gib += more.disk_gib;
            usage.snapshots += more.snapshots;
            usage.snapshot_gib += more.snapshot_gib;
        };
        let none = TypeUsage::default();
        match wish {
            Wish::Disk(name, size) => of_type(name, TypeUsage { disks: 1, disk_gib: size, ..none }),
            Wish::Disks(name, size, count) => {
                of_type(name, TypeUsage { disks: count, disk_gib: size * count, ..none });
            }
            Wish::Growth { disk_type, by_gib, .. } => {
                of_type(disk_type, TypeUsage { disk_gib: by_gib, ..none });
            }
            Wish::Retype { disk_type, size_gib } => {
                of_type(disk_type, TypeUsage { disks: 1, disk_gib: size_gib, ..none });
            }
            Wish::Snapshot(name, size) => {
                of_type(name, TypeUsage { snapshots: 1, snapshot_gib: size, ..none });
            }
            Wish::Backup(size) => {
                self.backups += 1;
                self.backup_gib += size;
            }
            Wish::OwnDisk(_) => {}
        }
    }
}

/// A project's limits and usage, read together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quota {
    /// What it may have.
    pub limits: Limits,
    /// What it has.
    pub usage: Usage,
}

/// What a wish would add.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wish<'a> {
    /// A disk of this type and size in GiB.
    Disk(&'a str, i64),
    /// So many disks of this type, each of this size in GiB.
    Disks(&'a str, i64, i64),
    /// A disk that the project has already (it accepts its own offer): nothing is added.
    OwnDisk(i64),
    /// So many more GiB for a disk of this type that will have this size.
    Growth {
        /// The disk's type.
        disk_type: &'a str,
        /// How much is added.
        by_gib: i64,
        /// The size it will have.
        to_gib: i64,
    },
    /// A disk that the project has already, as one of this type.
    Retype {
        /// The type it will have.
        disk_type: &'a str,
        /// Its size in GiB.
        size_gib: i64,
    },
    /// A snapshot of a disk of this type and size.
    Snapshot(&'a str, i64),
    /// A backup of this size.
    Backup(i64),
}

/// The limit that a wish would break.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum QuotaExceeded {
    /// One disk would be too large.
    #[error("Requested volume size {size_gib}G is larger than maximum allowed limit {limit_gib}G.")]
    DiskSize {
        /// The size asked for.
        size_gib: i64,
        /// The largest allowed.
        limit_gib: i64,
    },
    /// Disks and snapshots together would be too large.
    #[error(
        "Requested volume or snapshot exceeds allowed {key} quota. Requested {requested_gib}G, \
         quota is {limit_gib}G and {used_gib}G has been consumed."
    )]
    Gigabytes {
        /// `gigabytes` or `gigabytes_TYPE`.
        key: String,
        /// How much was asked for.
        requested_gib: i64,
        /// How much is allowed.
        limit_gib: i64,
        /// How much is used.
        used_gib: i64,
    },
    /// Too many disks.
    #[error("Maximum number of volumes allowed ({limit}) exceeded for quota '{key}'.")]
    Disks {
        /// `volumes` or `volumes_TYPE`.
        key: String,
        /// How many are allowed.
        limit: i64,
    },
    /// Too many snapshots.
    #[error("Maximum number of snapshots allowed ({limit}) exceeded")]
    Snapshots {
        /// How many are allowed.
        limit: i64,
    },
    /// Too many backups.
    #[error("Maximum number of backups allowed ({limit}) exceeded")]
    Backups {
        /// How many are allowed.
        limit: i64,
    },
    /// Backups together would be too large.
    #[error(
        "Requested backup exceeds allowed Backup gigabytes quota. Requested {requested_gib}G, \
         quota is {limit_gib}G and {used_gib}G has been consumed."
    )]
    BackupGigabytes {
        /// How much was asked for.
        requested_gib: i64,
        /// How much is allowed.
        limit_gib: i64,
        /// How much is used.
        used_gib: i64,
    },
}

impl QuotaExceeded {
    /// Whether it is a limit of backups, not of disks and snapshots.
    pub fn is_about_backups(&self) -> bool {
        match self {
            Self::Backups { .. } | Self::BackupGigabytes { .. } => true,
            Self::DiskSize { .. }
            | Self::Gigabytes { .. }
            | Self::Disks { .. }
            | Self::Snapshots { .. } => false,
        }
    }
}

impl Wish<'_> {
    /// The keys whose usage the wish would raise.
    fn raises(&self) -> Vec<String> {
        let with_type = |kinds: [&str; 2], disk_type: &str| {
            kinds
                .iter()
                .flat_map(|kind| [(*kind).to_owned(), format!("{kind}_{disk_type}")])
                .collect()
        };
        match self {
            Self::Disk(disk_type, _) | Self::Disks(disk_type, ..) => {
                with_type(["gigabytes", "volumes"], disk_type)
            }
            Self::Snapshot(disk_type, _) => with_type(["gigabytes", "snapshots"], disk_type),
            Self::Growth { disk_type, .. } => {
                vec!["gigabytes".to_owned(), format!("gigabytes_{disk_type}")]
            }
            Self::Retype { disk_type, .. } => {
                vec![format!("gigabytes_{disk_type}"), format!("volumes_{disk_type}")]
            }
            Self::Backup(_) => vec!["backup_gigabytes".to_owned(), "backups".to_owned()],
            Self::OwnDisk(_) => Vec::new(),
        }
    }

    /// Whether some limit is set on what the wish would raise, so that usage must be counted.
    pub fn is_counted(&self, limits: &Limits) -> bool {
        self.raises().iter().any(|key| limits.of(key) != UNLIMITED)
    }
}

impl Quota {
    /// Whether the wish fits. Of several limits that it breaks, the size of one disk comes first,
    /// then the first by name, as Cinder reports them: `gigabytes` before `volumes`.
    pub fn allows(&self, wish: Wish<'_>) -> Result<(), QuotaExceeded> {
        match wish {
            Wish::OwnDisk(size) => self.disk_size(size),
            Wish::Disk(disk_type, size) => self.allows(Wish::Disks(disk_type, size, 1)),
            Wish::Disks(disk_type, size, count) => {
                self.disk_size(size)?;
                self.gigabytes(disk_type, size.saturating_mul(count))?;
                let exceeded = |key, limit| QuotaExceeded::Disks { key, limit };
                self.count("volumes", disk_type, count, exceeded)
            }
            Wish::Growth { disk_type, by_gib, to_gib } => {
                self.disk_size(to_gib)?;
                self.gigabytes(disk_type, by_gib)
            }
            Wish::Retype { disk_type, size_gib } => {
                let key = format!("gigabytes_{disk_type}");
                if let Some((limit_gib, used_gib)) = self.broken(&key, size_gib) {
                    let requested_gib = size_gib;
                    return Err(QuotaExceeded::Gigabytes {
                        key,
                        requested_gib,
                        limit_gib,
                        used_gib,
                    });
                }
                let key = format!("volumes_{disk_type}");
                self.broken(&key, 1)
                    .map_or(Ok(()), |(limit, _)| Err(QuotaExceeded::Disks { key, limit }))
            }
            Wish::Snapshot(disk_type, size) => {
                self.gigabytes(disk_type, size)?;
                self.count("snapshots", disk_type, 1, |_, limit| QuotaExceeded::Snapshots { limit })
            }
            Wish::Backup(size) => {
                if let Some((limit_gib, used_gib)) = self.broken("backup_gigabytes", size) {
                    return Err(QuotaExceeded::BackupGigabytes {
                        requested_gib: size,
                        limit_gib,
                        used_gib,
                    });
                }
                self.broken("backups", 1)
                    .map_or(Ok(()), |(limit, _)| Err(QuotaExceeded::Backups { limit }))
            }
        }
    }

    fn disk_size(&self, size_gib: i64) -> Result<(), QuotaExceeded> {
        let limit_gib = self.limits.of("per_volume_gigabytes");
        if limit_gib != UNLIMITED && size_gib > limit_gib {
            return Err(QuotaExceeded::DiskSize { size_gib, limit_gib });
        }
        Ok(())
    }

    fn gigabytes(&self, disk_type: &str, requested_gib: i64) -> Result<(), QuotaExceeded> {
        for key in ["gigabytes".to_owned(), format!("gigabytes_{disk_type}")] {
            if let Some((limit_gib, used_gib)) = self.broken(&key, requested_gib) {
                return Err(QuotaExceeded::Gigabytes { key, requested_gib, limit_gib, used_gib });
            }
        }
        Ok(())
    }

    fn count(
        &self,
        kind: &str,
        disk_type: &str,
        more: i64,
        exceeded: fn(String, i64) -> QuotaExceeded,
    ) -> Result<(), QuotaExceeded> {
        for key in [kind.to_owned(), format!("{kind}_{disk_type}")] {
            if let Some((limit, _)) = self.broken(&key, more) {
                return Err(exceeded(key, limit));
            }
        }
        Ok(())
    }

    /// The limit and the usage of a key, if `more` on top of the usage would break the limit.
    fn broken(&self, key: &str, more: i64) -> Option<(i64, i64)> {
        let (limit, used) = (self.limits.of(key), self.usage.of(key));
        (limit != UNLIMITED && used.saturating_add(more) > limit).then_some((limit, used))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn quota(limits: &[(&str, i64)]) -> Quota {
        let limits =
            Limits(limits.iter().map(|(key, limit)| ((*key).to_owned(), *limit)).collect());
        let ssd = TypeUsage { disks: 2, disk_gib: 60, snapshots: 1, snapshot_gib: 20 };
        let usage = Usage {
            by_type: BTreeMap::from([("SSD".to_owned(), ssd)]),
            backups: 1,
            backup_gib: 40,
        };
        Quota { limits, usage }
    }

    #[test]
    fn a_wish_up_to_the_limit_fits_and_one_more_does_not() {
        assert_eq!(quota(&[("volumes", 3)]).allows(Wish::Disk("SSD", 1)), Ok(()));
        assert_eq!(
            quota(&[("volumes", 2)]).allows(Wish::Disk("SSD", 1)),
            Err(QuotaExceeded::Disks { key: "volumes".to_owned(), limit: 2 })
        );
        assert!(quota(&[("volumes", 4)]).allows(Wish::Disks("SSD", 1, 3)).is_err());
        assert!(quota(&[("gigabytes", 85)]).allows(Wish::Disks("SSD", 2, 3)).is_err());
        assert_eq!(
            quota(&[("volumes", 5), ("gigabytes", 86)]).allows(Wish::Disks("SSD", 2, 3)),
            Ok(())
        );
        assert_eq!(quota(&[("gigabytes", 81)]).allows(Wish::Disk("SSD", 1)), Ok(()));
        assert_eq!(
            quota(&[("gigabytes", 80)]).allows(Wish::Snapshot("SSD", 1)),
            Err(QuotaExceeded::Gigabytes {
                key: "gigabytes".to_owned(),
                requested_gib: 1,
                limit_gib: 80,
                used_gib: 80
            }),
            "snapshots count as gigabytes"
        );
    }

    #[test]
    fn gigabytes_are_reported_before_volumes_and_one_disks_size_before_both() {
        let all = quota(&[("volumes", 0), ("gigabytes", 0), ("per_volume_gigabytes", 10)]);
        assert!(matches!(all.allows(Wish::Disk("SSD", 11)), Err(QuotaExceeded::DiskSize { .. })));
        assert!(matches!(all.allows(Wish::Disk("SSD", 10)), Err(QuotaExceeded::Gigabytes { .. })));
    }

    #[test]
    fn a_limit_by_type_counts_that_type_only() {
        let by_type = quota(&[("volumes_SSD", 2), ("gigabytes_SAS", 5)]);
        assert!(by_type.allows(Wish::Disk("SSD", 1)).is_err());
        assert_eq!(by_type.allows(Wish::Disk("SAS", 5)), Ok(()));
        assert!(by_type.allows(Wish::Disk("SAS", 6)).is_err());
    }

    #[test]
    fn usage_is_counted_only_where_a_limit_is_set_on_what_a_wish_raises() {
        for (limited, wish, counted) in [
            ("volumes", Wish::Disk("SSD", 1), true),
            ("gigabytes_SSD", Wish::Disk("SSD", 1), true),
            ("gigabytes_SAS", Wish::Disk("SSD", 1), false),
            ("snapshots", Wish::Disk("SSD", 1), false),
            ("snapshots", Wish::Snapshot("SSD", 1), true),
            ("volumes", Wish::Growth { disk_type: "SSD", by_gib: 1, to_gib: 2 }, false),
            ("gigabytes", Wish::Growth { disk_type: "SSD", by_gib: 1, to_gib: 2 }, true),
            ("backups", Wish::Backup(1), true),
            ("volumes", Wish::OwnDisk(1), false),
            ("per_volume_gigabytes", Wish::Disk("SSD", 1), false),
        ] {
            let limits = quota(&[(limited, 5), ("groups", 1)]).limits;
            assert_eq!(wish.is_counted(&limits), counted, "{limited} {wish:?}");
        }
    }

    #[test]
    fn a_disk_that_the_project_has_already_is_not_counted_twice() {
        let full = quota(&[("volumes", 2), ("gigabytes", 80)]);
        assert_eq!(full.allows(Wish::OwnDisk(40)), Ok(()));
    }
}

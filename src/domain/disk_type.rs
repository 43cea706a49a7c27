//! Disk types: what a disk can be like, who sees and uses them, and what else is known of them.

use std::collections::BTreeMap;

use super::clock::Time;
use super::ids::{DiskTypeId, EncryptionId, ProjectId, QosSpecsId};
use super::page::Paging;

/// Keys with their values; a key may have none.
pub type Specs = BTreeMap<String, Option<String>>;

/// The extra specs that everybody may see (Cinder's); the others may tell of the storage behind.
pub const VISIBLE_SPECS: &[&str] = &[ZONES, MULTIATTACH, "replication_enabled"];

/// The extra spec that lists the zones of a type, separated by commas.
pub const ZONES: &str = "RESKEY:availability_zones";

/// The extra spec that names the storage of a type.
pub const BACKEND: &str = "volume_backend_name";

const MULTIATTACH: &str = "multiattach";
const CACHEABLE: &str = "cacheable";

/// How an extra spec says yes.
const YES: &str = "<is> True";

/// A disk type.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DiskType {
    /// Its id.
    pub id: DiskTypeId,
    /// Its name, which its disks and the quota keys bear too.
    pub name: String,
    /// What people say of it.
    pub description: Option<String>,
    /// Whether every project sees and uses it.
    pub is_public: bool,
    /// The quality of its service.
    pub qos_specs: Option<QosSpecsId>,
    /// What else is known of it.
    pub extra_specs: Specs,
    /// Whether its new disks are encrypted.
    pub encrypted: bool,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

impl DiskType {
    /// The extra specs that everybody may see.
    #[must_use]
    pub fn visible_specs(&self) -> Specs {
        let mut specs = self.extra_specs.clone();
        specs.retain(|key, _| VISIBLE_SPECS.contains(&key.as_str()));
        specs
    }

    /// Whether its new disks may be attached to several servers.
    pub fn is_multiattach(&self) -> bool {
        says_yes(&self.extra_specs, MULTIATTACH)
    }
}

/// Whether these extra specs go together: a disk at several servers has no cache.
pub fn go_together(specs: &Specs) -> bool {
    !(says_yes(specs, MULTIATTACH) && says_yes(specs, CACHEABLE))
}

fn says_yes(specs: &Specs, key: &str) -> bool {
    specs.get(key).is_some_and(|value| value.as_deref() == Some(YES))
}

/// How the disks of a type are encrypted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Encryption {
    /// Its id.
    pub id: EncryptionId,
    /// The type.
    pub disk_type: DiskTypeId,
    /// What encrypts.
    pub provider: String,
    /// With which algorithm; none: the provider's own.
    pub cipher: Option<String>,
    /// The size of the key in bits; none: the provider's own.
    pub key_size: Option<i64>,
    /// Where it happens.
    pub control_location: ControlLocation,
    /// When it was made.
    pub created_at: Time,
    /// When it last changed, if it ever did.
    pub updated_at: Option<Time>,
}

/// Where disks are encrypted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ControlLocation {
    /// At the server that a disk is attached to.
    FrontEnd,
    /// In the storage.
    BackEnd,
}

impl ControlLocation {
    /// Every location.
    pub const ALL: &[Self] = &[Self::FrontEnd, Self::BackEnd];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FrontEnd => "front-end",
            Self::BackEnd => "back-end",
        }
    }

    /// The location with that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|location| location.as_str() == word)
    }
}

/// By what a list of disk types can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DiskTypeSort {
    /// When it was made.
    CreatedAt,
    /// When it last changed; never comes first.
    UpdatedAt,
    /// Its id.
    Id,
    /// Its name.
    Name,
    /// Whether every project sees it.
    IsPublic,
}

/// Which disk types a list is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Shown {
    /// Every one.
    All,
    /// Those that every project sees.
    Public {
        /// And those that this project sees besides.
        and_of: ProjectId,
    },
    /// Those that not every project sees.
    Private,
}

/// Which disk types to list, and which page of them.
#[derive(Debug, Clone)]
pub struct DiskTypeQuery {
    /// Public or private ones.
    pub shown: Shown,
    /// With exactly this name.
    pub name: Option<String>,
    /// With all of these extra specs.
    pub extra_specs: BTreeMap<String, String>,
    /// The page.
    pub page: Paging<DiskTypeId, DiskTypeSort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn specs(pairs: &[(&str, &str)]) -> Specs {
        pairs.iter().map(|(key, value)| ((*key).to_owned(), Some((*value).to_owned()))).collect()
    }

    #[test]
    fn every_location_has_one_word_and_is_read_back_from_it() {
        for location in ControlLocation::ALL {
            assert_eq!(ControlLocation::parse(location.as_str()), Some(*location));
        }
        assert_eq!(ControlLocation::parse("front_end"), None);
    }

    #[test]
    fn a_cache_and_several_servers_do_not_go_together() {
        assert!(go_together(&specs(&[("multiattach", YES), ("cacheable", "<is> False")])));
        assert!(go_together(&specs(&[("multiattach", "True"), ("cacheable", YES)])));
        assert!(!go_together(&specs(&[("multiattach", YES), ("cacheable", YES)])));
    }
}

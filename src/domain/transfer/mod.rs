//! Transfers: the offer of a disk to whoever has the key, the rules for offering and taking, and how
//! long an offer lasts.

mod expiry;
mod rules;

use std::fmt;

use super::clock::Time;
use super::ids::{DiskId, ProjectId, TransferId, UserId};
use super::page::Paging;
use super::status::statuses;

pub use expiry::{Expiry, ExpirySource, Lifetime};
pub use rules::{
    ENCRYPTED_KEY, ORDER_KEY, Obstacles, OptionalRule, OptionalRules, RULES, Rule, TransferFacts,
    TransferRefused, Verdict, may_be_accepted, may_be_created, verdicts,
};

statuses! {
    /// How far a transfer has come. Only pending ones are seen through the API.
    TransferStatus {
        /// Open: whoever has the key may take the disk.
        Pending = "pending",
        /// Taken.
        Accepted = "accepted",
        /// Withdrawn, or ended because its disk left `awaiting-transfer` by another way.
        Deleted = "deleted",
        /// Its time was over before anybody took the disk.
        Expired = "expired",
    }
}

/// The offer of a disk.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Transfer {
    /// Its id.
    pub id: TransferId,
    /// The disk that is offered.
    pub disk: DiskId,
    /// The project that offers it.
    pub source_project: ProjectId,
    /// Who offered it.
    pub source_user: UserId,
    /// Its name.
    pub name: Option<String>,
    /// Whether the disk's snapshots were asked to stay behind (there are none: rule "no snapshots").
    pub no_snapshots: bool,
    /// The argon2id PHC string of its key.
    pub key_hash: KeyHash,
    /// When it was made.
    pub created_at: Time,
    /// When it ends by itself, if it does.
    pub expiry: Option<Expiry>,
}

impl Transfer {
    /// Whether it is still there at `now`. One whose time is over counts as gone from that moment on,
    /// whether it has been ended already or not.
    pub fn is_open(&self, now: Time) -> bool {
        self.expiry.is_none_or(|expiry| expiry.at > now)
    }
}

/// A pending transfer's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TransferEnd {
    /// The transfer.
    pub id: TransferId,
    /// What became of it; never `pending`.
    pub status: TransferStatus,
    /// Who took the disk, if it was accepted.
    pub destination: Option<(ProjectId, UserId)>,
    /// When.
    pub finished_at: Time,
}

/// The key of a transfer: 64 random bits, spelled as 16 lower-case hexadecimal digits.
#[derive(Clone, PartialEq, Eq)]
pub struct AuthKey(String);

impl AuthKey {
    /// The key made of these random bytes.
    pub fn from_random(bytes: [u8; 8]) -> Self {
        Self(format!("{:016x}", u64::from_be_bytes(bytes)))
    }

    /// Takes what a client presents as a key; whether it is one shows when it is verified.
    pub fn presented(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one answer that carries it and for hashing.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AuthKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AuthKey(..)")
    }
}

/// An argon2id PHC string, of an auth key or of a password.
#[derive(Clone, PartialEq, Eq)]
pub struct KeyHash(String);

impl KeyHash {
    /// Takes a PHC string as it was made or stored.
    pub fn from_phc(phc: String) -> Self {
        Self(phc)
    }

    /// The PHC string, for storing and verifying.
    pub fn as_phc(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for KeyHash {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("KeyHash(..)")
    }
}

/// By what a list of transfers can be sorted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransferSort {
    /// When it was made.
    CreatedAt,
    /// Its id.
    Id,
    /// Its name; nameless ones first.
    Name,
    /// Its disk's id.
    Disk,
}

/// Which pending transfers to list, and which page of them.
#[derive(Debug, Clone)]
pub struct TransferQuery {
    /// Offered by this project, or by any.
    pub project: Option<ProjectId>,
    /// With exactly this name.
    pub name: Option<String>,
    /// With this id; a text that is no id matches nothing.
    pub id: Option<String>,
    /// Of this disk; a text that is no id matches nothing.
    pub disk: Option<String>,
    /// The page.
    pub page: Paging<TransferId, TransferSort>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_sixteen_lower_case_hexadecimal_digits_and_prints_nowhere() {
        let key = AuthKey::from_random([0, 1, 2, 3, 0xab, 0xcd, 0xef, 0xff]);
        assert_eq!(key.reveal(), "00010203abcdefff");
        assert_eq!(format!("{key:?}"), "AuthKey(..)");
        assert_eq!(format!("{:?}", KeyHash::from_phc("$argon2id$x".to_owned())), "KeyHash(..)");
    }
}

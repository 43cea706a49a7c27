//! The identifiers: what is a UUID is one of ours, what is text was given by the identity service.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

macro_rules! id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, 122 random bits (UUID version 4).
            pub fn random() -> Self {
                Self(Uuid::new_v4())
            }

            /// Reads any usual spelling of a UUID: with or without dashes, in either case.
            pub fn parse(text: &str) -> Option<Self> {
                Uuid::try_parse(text).ok().map(Self)
            }
        }

        /// Lower case with dashes, 36 characters: the form of every answer and every table.
        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.hyphenated().fmt(f)
            }
        }
    };
}

id! {
    /// A disk (on the wire: volume).
    DiskId
}
id! {
    /// An offer of a disk to another project.
    TransferId
}
id! {
    /// A snapshot of a disk.
    SnapshotId
}
id! {
    /// A backup of a disk.
    BackupId
}
id! {
    /// A backup that is shared with another project.
    BackupShareId
}
id! {
    /// A message about something that failed.
    MessageId
}
id! {
    /// A backup policy.
    PolicyId
}
id! {
    /// An attachment of a disk.
    AttachmentId
}
id! {
    /// A rule by which something goes wrong.
    FaultId
}
id! {
    /// A server, which lives elsewhere.
    ServerId
}
id! {
    /// A disk type.
    DiskTypeId
}
id! {
    /// How the disks of a type are encrypted.
    EncryptionId
}
id! {
    /// A quality of service.
    QosSpecsId
}

impl DiskTypeId {
    /// The id that the type of this name has in every fresh data file.
    pub fn derived(name: &str) -> Self {
        Self(derived_uuid("disk-type", name))
    }
}

impl PolicyId {
    /// The id of the policy that a project has from the start, whether it was written or not.
    pub fn default_of(project: &ProjectId) -> Self {
        Self(derived_uuid("default-policy", project.as_str()))
    }

    /// The id that a scenario's policy of this project and name has in every fresh data file.
    pub fn derived(project: &ProjectId, name: &str) -> Self {
        Self(derived_uuid("policy", &format!("{project}/{name}")))
    }
}

impl DiskId {
    /// The id that a scenario's disk of this project and name has in every fresh data file.
    pub fn derived(project: &ProjectId, name: &str) -> Self {
        Self(derived_uuid("disk", &format!("{project}/{name}")))
    }
}

impl SnapshotId {
    /// The id that a scenario's snapshot of this disk and name has in every fresh data file.
    pub fn derived(disk: DiskId, name: &str) -> Self {
        Self(derived_uuid("snapshot", &format!("{disk}/{name}")))
    }
}

impl BackupId {
    /// The id that a scenario's backup of this disk and name has in every fresh data file.
    pub fn derived(disk: DiskId, name: &str) -> Self {
        Self(derived_uuid("backup", &format!("{disk}/{name}")))
    }
}

impl EncryptionId {
    /// The id that the encryption of the type of this name has in every fresh data file.
    pub fn derived(name: &str) -> Self {
        Self(derived_uuid("disk-type-encryption", name))
    }
}

macro_rules! text_id {
    ($(#[$doc:meta])* $name:ident) => {
        $(#[$doc])*
        #[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Takes the text as it is.
            pub fn new(text: impl Into<String>) -> Self {
                Self(text.into())
            }

            /// The text as it was given.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

text_id! {
    /// A project: opaque text, 32 hexadecimal digits when it was made here.
    ProjectId
}
text_id! {
    /// A user: opaque text, 32 hexadecimal digits when it was made here.
    UserId
}
text_id! {
    /// The public half of an access key.
    AccessId
}
text_id! {
    /// An application credential: 32 hexadecimal digits.
    ApplicationCredentialId
}
text_id! {
    /// A job, or a part of one: 32 hexadecimal digits.
    JobId
}
text_id! {
    /// One request: `req-` and a UUID; stands in the answer's headers, the log and the events.
    RequestId
}

/// The namespace of ids that are derived from names.
const DERIVED: Uuid = Uuid::from_u128(0x8b1f_5a0e_6c1d_4f7a_9d3c_2e5b_7a90_41c6);

/// The id, 32 hexadecimal digits, that a thing of this kind and name has in every fresh data file.
pub fn derived(kind: &str, name: &str) -> String {
    derived_uuid(kind, name).simple().to_string()
}

fn derived_uuid(kind: &str, name: &str) -> Uuid {
    Uuid::new_v5(&DERIVED, format!("{kind}:{name}").as_bytes())
}

/// Whether the text is a UUID, in any of its spellings.
pub fn is_uuid(text: &str) -> bool {
    Uuid::try_parse(text).is_ok()
}

/// A new id of 32 hexadecimal digits, 122 random bits: the form of what people make in the identity
/// service.
pub fn random_hex() -> String {
    Uuid::new_v4().simple().to_string()
}

/// A new UUID, spelled with dashes.
pub fn random_with_dashes() -> String {
    Uuid::new_v4().hyphenated().to_string()
}

impl JobId {
    /// A new one.
    pub fn random() -> Self {
        Self(random_hex())
    }
}

impl RequestId {
    /// A new one, in the form that OpenStack's clients look for.
    pub fn random() -> Self {
        Self(format!("req-{}", Uuid::new_v4().hyphenated()))
    }
}

impl ProjectId {
    /// Whether the text could be a project's id at all: 1 to 64 of `[A-Za-z0-9_-]`.
    pub fn is_well_formed(text: &str) -> bool {
        (1..=64).contains(&text.len())
            && text.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'_' || b == b'-')
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_uuid_is_read_with_and_without_dashes_and_printed_with_them() {
        let id = DiskId::parse("4B1DE0F66C3E4B8F9D7A52F1C0A83E19").unwrap();
        assert_eq!(id.to_string(), "4b1de0f6-6c3e-4b8f-9d7a-52f1c0a83e19");
        assert_eq!(DiskId::parse("x"), None);
    }

    #[test]
    fn derived_ids_are_the_same_in_every_file_and_differ_by_kind() {
        assert_eq!(derived("project", "demo"), derived("project", "demo"));
        assert_ne!(derived("project", "demo"), derived("user", "demo"));
        assert_eq!(derived("project", "demo").len(), 32);
    }
}

//! Access keys: what signs requests in place of a token.

use std::fmt;

use super::access::Role;
use super::account::{Project, User};
use super::clock::Time;
use super::event::State;
use super::ids::{AccessId, ProjectId, UserId};

/// An access key without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AccessKey {
    /// Its public half.
    pub access: AccessId,
    /// Whom it lets in.
    pub user: UserId,
    /// The project that a request is about which names none.
    pub project: ProjectId,
    /// What people note about it; may be empty.
    pub description: String,
    /// Whether it lets anybody in.
    pub status: KeyStatus,
    /// When it was made.
    pub created_at: Time,
}

/// Whether an access key lets anybody in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyStatus {
    /// It does.
    Active,
    /// It does not, until it is active again.
    Inactive,
}

impl KeyStatus {
    /// Both.
    pub const ALL: &[Self] = &[Self::Active, Self::Inactive];

    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// The status of that word.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|status| status.as_str() == word)
    }
}

/// The secret half of an access key. It is kept as it is, since a signature can be verified with
/// nothing less; it prints as nothing.
#[derive(Clone, PartialEq, Eq)]
pub struct AccessSecret(String);

impl AccessSecret {
    /// Takes the text as it was made or stored.
    pub fn new(text: String) -> Self {
        Self(text)
    }

    /// The text, for the one answer that carries it and for signatures.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for AccessSecret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessSecret(..)")
    }
}

/// Who an active access key lets in, and where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Signer {
    /// What verifies the signature.
    pub secret: AccessSecret,
    /// Who.
    pub user: User,
    /// The project asked for, or the key's own; none: there is no such project.
    pub project: Option<Project>,
    /// What the user may do there.
    pub roles: Vec<Role>,
}

impl From<&AccessKey> for State {
    fn from(key: &AccessKey) -> Self {
        Self {
            status: Some(key.status.as_str()),
            project_id: key.project.to_string(),
            description: Some(key.description.clone()),
            values: [("user_id".to_owned(), key.user.to_string())].into(),
            ..Self::default()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_does_not_print() {
        assert_eq!(format!("{:?}", AccessSecret::new("hush".to_owned())), "AccessSecret(..)");
    }

    #[test]
    fn a_status_has_one_word() {
        assert_eq!(KeyStatus::parse("inactive"), Some(KeyStatus::Inactive));
        assert_eq!(KeyStatus::parse("Active"), None);
    }
}

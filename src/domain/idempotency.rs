//! Requests that may be sent again: a client whose answer was lost repeats the request under the same
//! key, and gets the first answer.
//!
//! Must not know: how a hash is made or an answer is sealed.

use std::fmt;

use super::clock::Time;
use super::ids::{ProjectId, TransferId, UserId};
use super::status::statuses;

statuses! {
    /// What may be asked for under a key.
    RetriedAction {
        /// A disk is offered.
        CreateTransfer = "transfer.create",
        /// An offered disk is taken.
        AcceptTransfer = "transfer.accept",
        /// An offer is withdrawn.
        DeleteTransfer = "transfer.delete",
    }
}

/// The name that a client gives its request: whoever has it, and the data file, can read the answer.
#[derive(Clone, PartialEq, Eq)]
pub struct IdempotencyKey(String);

impl IdempotencyKey {
    /// The shortest one. What is shorter could be guessed from its hash in the data file, and with it
    /// the auth key in the answer.
    pub const SHORTEST: usize = 16;
    /// The longest one.
    pub const LONGEST: usize = 255;

    /// A text of visible ASCII characters that is neither too short nor too long.
    pub fn parse(text: &str) -> Option<Self> {
        let fits = (Self::SHORTEST..=Self::LONGEST).contains(&text.len())
            && text.bytes().all(|byte| byte.is_ascii_graphic());
        fits.then(|| Self(text.to_owned()))
    }

    /// The text, for deriving what is kept.
    pub fn reveal(&self) -> &str {
        &self.0
    }
}

impl fmt::Debug for IdempotencyKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("IdempotencyKey(..)")
    }
}

/// A request that came with a key: what makes it the same request when it comes again.
#[derive(Clone)]
pub struct Attempt {
    /// The key.
    pub key: IdempotencyKey,
    /// What is asked for.
    pub action: RetriedAction,
    /// The path.
    pub path: String,
    /// What a header of our own says besides.
    pub header: Option<String>,
    /// The body, to the byte.
    pub body: Vec<u8>,
}

impl fmt::Debug for Attempt {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Attempt").field("action", &self.action).finish_non_exhaustive()
    }
}

/// An answer as the client gets it.
#[derive(Clone, PartialEq, Eq)]
pub struct Answer {
    /// Its status.
    pub status: u16,
    /// The headers that are its own.
    pub headers: Vec<(String, String)>,
    /// Its body, JSON or nothing.
    pub body: String,
}

impl fmt::Debug for Answer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Answer").field("status", &self.status).finish_non_exhaustive()
    }
}

/// The first answer to a request, as it is kept.
#[derive(Clone, PartialEq, Eq)]
pub struct KeptAnswer {
    /// 64 hexadecimal digits that stand for the key of this caller.
    pub key_hash: String,
    /// 64 hexadecimal digits that stand for the request.
    pub request_hash: String,
    /// Whose request it was.
    pub project: ProjectId,
    /// Who sent it.
    pub user: UserId,
    /// What was asked for.
    pub action: RetriedAction,
    /// The transfer that it made, accepted or deleted.
    pub transfer: TransferId,
    /// The status of the answer.
    pub status: u16,
    /// 48 hexadecimal digits that are used once.
    pub nonce: String,
    /// Headers and body, which nobody reads without the key, as base64.
    pub sealed: String,
    /// When it was answered.
    pub created_at: Time,
    /// From when on the key is unknown again.
    pub expires_at: Time,
}

impl fmt::Debug for KeptAnswer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("KeptAnswer")
            .field("action", &self.action)
            .field("transfer", &self.transfer)
            .field("status", &self.status)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_key_is_16_to_255_visible_ascii_characters() {
        for text in ["0123456789abcdef", "8e03978e-40d5-43dd-bc93-6894a57f9324", &"~!".repeat(127)]
        {
            assert_eq!(IdempotencyKey::parse(text).unwrap().reveal(), text);
        }
        assert!(IdempotencyKey::parse(&"x".repeat(255)).is_some());
        for text in
            ["", "0123456789abcde", "0123456789 abcdef", "0123456789abcde\u{7f}", "0123456789abcdé"]
        {
            assert!(IdempotencyKey::parse(text).is_none(), "{text}");
        }
        assert!(IdempotencyKey::parse(&"x".repeat(256)).is_none());
    }

    #[test]
    fn neither_key_nor_request_nor_answer_is_printed() {
        let key = IdempotencyKey::parse("hush-hush-hush-hush").unwrap();
        let attempt = Attempt {
            key: key.clone(),
            action: RetriedAction::AcceptTransfer,
            path: "hush".to_owned(),
            header: Some("hush".to_owned()),
            body: b"hush".to_vec(),
        };
        let answer = Answer {
            status: 202,
            headers: vec![("hush".to_owned(), "hush".to_owned())],
            body: "hush".to_owned(),
        };
        let kept = KeptAnswer {
            key_hash: "hush".to_owned(),
            request_hash: "hush".to_owned(),
            project: ProjectId::new("atlas"),
            user: UserId::new("ann"),
            action: RetriedAction::AcceptTransfer,
            transfer: TransferId::random(),
            status: 202,
            nonce: "hush".to_owned(),
            sealed: "hush".to_owned(),
            created_at: Time::UNIX_EPOCH,
            expires_at: Time::UNIX_EPOCH,
        };
        let printed = format!("{key:?} {attempt:?} {answer:?} {kept:?}");
        assert!(!printed.contains("hush") && printed.contains("202"), "{printed}");
    }
}

//! Requests that may be sent again. The first answer is kept in the unit of work that it tells of, and
//! whoever sends the same request again under the same key gets it once more.
//!
//! What is kept is sealed, since the answer to an offer has the auth key: the Idempotency-Key itself is
//! never stored, and everything that is stored is derived from it by HMAC, each thing with a label of
//! its own. The file alone yields neither the key nor the answer.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use chacha20poly1305::aead::{Aead as _, Payload};
use chacha20poly1305::{KeyInit as _, XChaCha20Poly1305, XNonce};
use hmac::{Hmac, Mac as _};
use sha2::Sha256;
use thiserror::Error;

use super::hasher::random_bytes;
use super::identity::tokens::hex;
use super::{App, Result, ServiceError};
use crate::domain::access::Caller;
use crate::domain::idempotency::{Answer, Attempt, KeptAnswer};
use crate::domain::ids::TransferId;
use crate::store::{ReadTx, StoreError, WriteTx};

/// What each derived value is for: none of them can be taken for another one.
const FOR_KEY_HASH: &str = "evs-local idempotency 1: key hash";
const FOR_REQUEST_HASH: &str = "evs-local idempotency 1: request hash";
const FOR_SEALING: &str = "evs-local idempotency 1: sealing";

/// A request that may be sent again, if its sender gave it a key, and how its answer looks.
pub struct Retriable<T> {
    attempt: Option<Attempt>,
    look: Box<dyn Fn(&T) -> Answer + Send + Sync>,
}

impl<T> fmt::Debug for Retriable<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Retriable").field("attempt", &self.attempt).finish_non_exhaustive()
    }
}

impl<T> Retriable<T> {
    /// A request whose answer `look` makes of what was done. Without a key nothing is looked up, derived
    /// or kept.
    pub fn new(
        attempt: Option<Attempt>,
        look: impl Fn(&T) -> Answer + Send + Sync + 'static,
    ) -> Self {
        Self { attempt, look: Box::new(look) }
    }
}

/// What a request that may be sent again comes to.
#[derive(Debug, Clone)]
pub enum Answered<T> {
    /// It was done, and this is the answer.
    Done(T, Answer),
    /// It had been done before, and this was the answer.
    Before(Answer),
}

impl<T> Answered<T> {
    /// What was done; none: it had been done before.
    pub fn done(&self) -> Option<&T> {
        match self {
            Self::Done(done, _) => Some(done),
            Self::Before(_) => None,
        }
    }
}

/// An answer that could not be sealed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the answer could not be sealed")]
pub struct SealingFailed;

impl App {
    /// The answer that this request got before, if it came under a key that is known still.
    pub(super) async fn first_answer<T>(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        caller: &Caller,
        request: &Retriable<T>,
    ) -> Result<Option<Answered<T>>> {
        let Some(attempt) = &request.attempt else { return Ok(None) };
        let found = view.kept_answer(&key_hash(attempt, caller)?).await?;
        let Some(kept) = found.filter(|kept| kept.expires_at > self.now()) else {
            return Ok(None);
        };
        if kept.request_hash != request_hash(attempt, caller)? {
            return Err(ServiceError::IdempotencyKeyReused);
        }
        let answer = opened(&kept, attempt, caller)?.ok_or_else(|| StoreError::Corrupt {
            table: "idempotency_keys",
            id: kept.transfer.to_string(),
            what: "sealed_answer cannot be opened".to_owned(),
        })?;
        Ok(Some(Answered::Before(answer)))
    }

    /// The answer to what was done, which is kept in the same unit of work if the request came under a
    /// key.
    pub(super) fn answer<T>(
        &self,
        unit: &mut dyn WriteTx,
        caller: &Caller,
        request: &Retriable<T>,
        transfer: TransferId,
        done: T,
    ) -> Result<Answered<T>> {
        let answer = (request.look)(&done);
        if let Some(attempt) = &request.attempt {
            let created_at = self.now();
            let mut kept = KeptAnswer {
                key_hash: key_hash(attempt, caller)?,
                request_hash: request_hash(attempt, caller)?,
                project: caller.project.clone(),
                user: caller.user.clone(),
                action: attempt.action,
                transfer,
                status: answer.status,
                nonce: String::new(),
                sealed: String::new(),
                created_at,
                expires_at: created_at + self.rules.answers_kept,
            };
            seal(&mut kept, &answer, attempt, caller)?;
            unit.keep_answer(&kept);
        }
        Ok(Answered::Done(done, answer))
    }
}

/// What stands for the key in the file: another one for each project and user.
fn key_hash(attempt: &Attempt, caller: &Caller) -> Result<String> {
    Ok(hex(&derived(attempt, caller, FOR_KEY_HASH, &[])?))
}

/// What stands for the request: another one for whatever the sender says differently.
fn request_hash(attempt: &Attempt, caller: &Caller) -> Result<String> {
    let header = attempt.header.as_deref();
    let parts = [
        attempt.action.as_str().as_bytes(),
        attempt.path.as_bytes(),
        &[u8::from(header.is_some())],
        header.unwrap_or_default().as_bytes(),
        &attempt.body,
    ];
    Ok(hex(&derived(attempt, caller, FOR_REQUEST_HASH, &parts)?))
}

/// HMAC-SHA256 under the Idempotency-Key. Each part goes in with its length, so that no two lists of
/// parts are the same text.
fn derived(attempt: &Attempt, caller: &Caller, label: &str, parts: &[&[u8]]) -> Result<[u8; 32]> {
    let mac = Hmac::<Sha256>::new_from_slice(attempt.key.reveal().as_bytes());
    // HMAC takes keys of any length; the type cannot say so.
    let mut mac = mac.map_err(|_| SealingFailed)?;
    let [project, user] = [caller.project.as_str().as_bytes(), caller.user.as_str().as_bytes()];
    for part in [label.as_bytes(), project, user].iter().chain(parts) {
        mac.update(&u64::try_from(part.len()).unwrap_or(u64::MAX).to_be_bytes());
        mac.update(part);
    }
    Ok(mac.finalize().into_bytes().into())
}

fn cipher(attempt: &Attempt, caller: &Caller) -> Result<XChaCha20Poly1305> {
    let key = derived(attempt, caller, FOR_SEALING, &[])?;
    Ok(XChaCha20Poly1305::new(&key.into()))
}

/// What of a row the seal is tied to: an answer that was moved into another row does not open there.
fn bound_to(kept: &KeptAnswer) -> String {
    let KeptAnswer { key_hash, request_hash, action, transfer, status, .. } = kept;
    let [from, to] = [kept.created_at, kept.expires_at].map(|time| time.timestamp_micros());
    format!("{key_hash} {request_hash} {action} {transfer} {status} {from} {to}")
}

/// Seals `answer` into the row that keeps it.
fn seal(kept: &mut KeptAnswer, answer: &Answer, attempt: &Attempt, caller: &Caller) -> Result<()> {
    let nonce: [u8; 24] = random_bytes()?;
    let open = serde_json::to_vec(&(&answer.headers, &answer.body)).map_err(|_| SealingFailed)?;
    let binding = bound_to(kept);
    let payload = Payload { msg: &open, aad: binding.as_bytes() };
    let sealed = cipher(attempt, caller)?.encrypt(&XNonce::from(nonce), payload);
    kept.sealed = STANDARD.encode(sealed.map_err(|_| SealingFailed)?);
    kept.nonce = hex(&nonce);
    Ok(())
}

/// The answer in a row; none: somebody changed the row.
fn opened(kept: &KeptAnswer, attempt: &Attempt, caller: &Caller) -> Result<Option<Answer>> {
    let (Some(nonce), Ok(sealed)) = (bytes(&kept.nonce), STANDARD.decode(&kept.sealed)) else {
        return Ok(None);
    };
    let binding = bound_to(kept);
    let payload = Payload { msg: &sealed, aad: binding.as_bytes() };
    let open = cipher(attempt, caller)?.decrypt(&XNonce::from(nonce), payload).ok();
    let parts: Option<(Vec<(String, String)>, String)> =
        open.and_then(|open| serde_json::from_slice(&open).ok());
    Ok(parts.map(|(headers, body)| Answer { status: kept.status, headers, body }))
}

/// The bytes that 48 hexadecimal digits are.
fn bytes(digits: &str) -> Option<[u8; 24]> {
    let byte = |pair: &[u8]| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = digits.as_bytes().chunks(2).map(byte).collect();
    bytes?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::access::Role;
    use crate::domain::clock::Time;
    use crate::domain::idempotency::{IdempotencyKey, RetriedAction};
    use crate::domain::ids::{ProjectId, RequestId, UserId};

    fn caller(project: &str, user: &str) -> Caller {
        Caller {
            project: ProjectId::new(project),
            user: UserId::new(user),
            role: Role::Member,
            request: RequestId::random(),
        }
    }

    fn attempt() -> Attempt {
        Attempt {
            key: IdempotencyKey::parse("0123456789abcdef").unwrap(),
            action: RetriedAction::CreateTransfer,
            path: "/v3/atlas/os-volume-transfer".to_owned(),
            header: None,
            body: b"{}".to_vec(),
        }
    }

    fn answer() -> Answer {
        Answer {
            status: 202,
            headers: vec![("x".to_owned(), "y".to_owned())],
            body: r#"{"transfer": {"auth_key": "5fc07b1e92da4438"}}"#.to_owned(),
        }
    }

    fn kept(attempt: &Attempt, caller: &Caller) -> KeptAnswer {
        let mut kept = KeptAnswer {
            key_hash: key_hash(attempt, caller).unwrap(),
            request_hash: request_hash(attempt, caller).unwrap(),
            project: caller.project.clone(),
            user: caller.user.clone(),
            action: attempt.action,
            transfer: TransferId::random(),
            status: 202,
            nonce: String::new(),
            sealed: String::new(),
            created_at: Time::UNIX_EPOCH,
            expires_at: Time::UNIX_EPOCH,
        };
        seal(&mut kept, &answer(), attempt, caller).unwrap();
        kept
    }

    #[test]
    fn an_answer_opens_under_its_key_and_in_its_row_alone() {
        let (ann, attempt) = (caller("atlas", "ann"), attempt());
        let kept = kept(&attempt, &ann);
        assert_eq!(opened(&kept, &attempt, &ann).unwrap(), Some(answer()));
        let key = IdempotencyKey::parse("0123456789abcdeg").unwrap();
        let other = Attempt { key, ..attempt.clone() };
        assert_eq!(opened(&kept, &other, &ann).unwrap(), None);
        assert_eq!(opened(&kept, &attempt, &caller("atlas", "bob")).unwrap(), None);
        let edits: [fn(&mut KeptAnswer); 8] = [
            |kept| kept.key_hash = "0".repeat(64),
            |kept| kept.request_hash = "0".repeat(64),
            |kept| kept.action = RetriedAction::DeleteTransfer,
            |kept| kept.transfer = TransferId::random(),
            |kept| kept.status = 200,
            |kept| kept.expires_at += chrono::TimeDelta::microseconds(1),
            |kept| kept.nonce = "0".repeat(47),
            |kept| kept.sealed = STANDARD.encode([0; 64]),
        ];
        for (number, edit) in edits.into_iter().enumerate() {
            let mut edited = kept.clone();
            edit(&mut edited);
            assert_eq!(opened(&edited, &attempt, &ann).unwrap(), None, "{number}");
        }
    }

    #[test]
    fn no_row_repeats_another_and_none_shows_the_key_or_the_answer() {
        let (ann, attempt) = (caller("atlas", "ann"), attempt());
        let (first, second) = (kept(&attempt, &ann), kept(&attempt, &ann));
        assert_ne!((&first.nonce, &first.sealed), (&second.nonce, &second.sealed));
        let row = format!("{} {} {}", first.key_hash, first.request_hash, first.sealed);
        for secret in ["0123456789abcdef", "5fc07b1e92da4438", "auth_key"] {
            assert!(!row.contains(secret) && !row.contains(&STANDARD.encode(secret)), "{secret}");
        }
    }

    #[test]
    fn a_key_is_another_one_for_each_caller_and_a_request_for_each_thing_it_says() {
        let (ann, first) = (caller("atlas", "ann"), attempt());
        let mut hashes = vec![key_hash(&first, &ann).unwrap(), request_hash(&first, &ann).unwrap()];
        for other in [caller("atlas", "bob"), caller("beta", "ann"), caller("atlasann", "")] {
            hashes.push(key_hash(&first, &other).unwrap());
        }
        let edits: [fn(&mut Attempt); 6] = [
            |attempt| attempt.action = RetriedAction::AcceptTransfer,
            |attempt| attempt.path.push('x'),
            |attempt| attempt.header = Some(String::new()),
            |attempt| attempt.header = Some("60".to_owned()),
            |attempt| attempt.body.push(b' '),
            |attempt| attempt.key = IdempotencyKey::parse("0123456789abcdeg").unwrap(),
        ];
        for edit in edits {
            let mut other = first.clone();
            edit(&mut other);
            hashes.push(request_hash(&other, &ann).unwrap());
        }
        let all = hashes.len();
        hashes.sort();
        hashes.dedup();
        assert_eq!(hashes.len(), all);
    }
}

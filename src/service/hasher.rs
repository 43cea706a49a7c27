//! argon2id on threads of its own: as many as there are cores, each with memory that it keeps, fed
//! by one bounded queue. Hashing never waits for the database, nor the database for hashing.

use argon2::password_hash::phc::{Output, ParamsString, PasswordHash, Salt};
use argon2::{Algorithm, Argon2, Block, Params, Version};
use secrecy::{ExposeSecret, SecretString};
use thiserror::Error;
use tokio::sync::oneshot;

use crate::domain::transfer::{AuthKey, KeyHash};

/// How many jobs wait before whoever brings another one waits too.
const QUEUE: usize = 256;

/// Why there is no hash.
#[derive(Debug, Clone, Error)]
pub enum HasherError {
    /// The threads have ended.
    #[error("the hash threads have ended")]
    Ended,
    /// A thread could not be started.
    #[error("a hash thread could not be started: {0}")]
    NoThread(String),
    /// The operating system has no random bytes.
    #[error("no random bytes: {0}")]
    NoRandomness(String),
    /// argon2 refused, or a stored hash is not one.
    #[error("argon2: {0}")]
    Argon2(String),
}

/// The queue to the hash threads; they end when the last clone is gone.
#[derive(Debug, Clone)]
pub struct Hasher {
    queue: flume::Sender<Job>,
    key: Params,
    password: Params,
}

enum Job {
    Hash {
        text: SecretString,
        params: Params,
        answer: oneshot::Sender<Result<KeyHash, HasherError>>,
    },
    Verify {
        text: SecretString,
        hash: KeyHash,
        answer: oneshot::Sender<Result<bool, HasherError>>,
    },
}

impl Hasher {
    /// Starts `threads` threads. `key` is the cost of hashing an auth key, `password` that of an
    /// account's password; what is stored is verified at the cost that it names itself.
    pub fn start(threads: usize, key: Params, password: Params) -> Result<Self, HasherError> {
        let (queue, jobs) = flume::bounded(QUEUE);
        for number in 0..threads.max(1) {
            let jobs = jobs.clone();
            let kept = key.block_count();
            std::thread::Builder::new()
                .name(format!("evs-hash-{number}"))
                .spawn(move || work(&jobs, kept))
                .map_err(|why| HasherError::NoThread(why.to_string()))?;
        }
        Ok(Self { queue, key, password })
    }

    /// A new random auth key and its hash.
    pub async fn new_key(&self) -> Result<(AuthKey, KeyHash), HasherError> {
        let key = AuthKey::from_random(random_bytes()?);
        let hash = self.hash(key.reveal().into(), self.key.clone()).await?;
        Ok((key, hash))
    }

    /// The hash of an auth key that somebody chose.
    pub async fn hash_key(&self, key: &AuthKey) -> Result<KeyHash, HasherError> {
        self.hash(key.reveal().into(), self.key.clone()).await
    }

    /// The hash of a password.
    pub async fn hash_password(&self, password: SecretString) -> Result<KeyHash, HasherError> {
        self.hash(password, self.password.clone()).await
    }

    async fn hash(&self, text: SecretString, params: Params) -> Result<KeyHash, HasherError> {
        let (answer, hashed) = oneshot::channel();
        self.send(Job::Hash { text, params, answer }).await?;
        hashed.await.map_err(|_| HasherError::Ended)?
    }

    /// Whether `key` is the one that was hashed.
    pub async fn verify_key(&self, key: &AuthKey, hash: KeyHash) -> Result<bool, HasherError> {
        self.verify(key.reveal().into(), hash).await
    }

    /// Whether `password` is the one that was hashed.
    pub async fn verify_password(
        &self,
        password: SecretString,
        hash: KeyHash,
    ) -> Result<bool, HasherError> {
        self.verify(password, hash).await
    }

    async fn verify(&self, text: SecretString, hash: KeyHash) -> Result<bool, HasherError> {
        let (answer, verified) = oneshot::channel();
        self.send(Job::Verify { text, hash, answer }).await?;
        verified.await.map_err(|_| HasherError::Ended)?
    }

    async fn send(&self, job: Job) -> Result<(), HasherError> {
        self.queue.send_async(job).await.map_err(|_| HasherError::Ended)
    }
}

/// Random bytes from the operating system.
pub fn random_bytes<const N: usize>() -> Result<[u8; N], HasherError> {
    let mut bytes = [0; N];
    getrandom::fill(&mut bytes).map_err(|why| HasherError::NoRandomness(why.to_string()))?;
    Ok(bytes)
}

/// One thread: takes jobs until the queue is gone. A job whose asker went away is skipped.
fn work(jobs: &flume::Receiver<Job>, kept: usize) {
    let mut memory = Memory(vec![Block::default(); kept]);
    for job in jobs {
        match job {
            Job::Hash { text, params, answer } if !answer.is_closed() => {
                // The asker may have gone since; then nobody wants the result.
                let _ = answer.send(memory.hash(&text, &params));
            }
            Job::Verify { text, hash, answer } if !answer.is_closed() => {
                let _ = answer.send(memory.verify(&text, &hash));
            }
            Job::Hash { .. } | Job::Verify { .. } => {}
        }
    }
}

/// A thread's blocks: enough for an auth key for good. A password needs some 19 MiB for a moment;
/// those are given back at once.
struct Memory(Vec<Block>);

impl Memory {
    fn hash(&mut self, text: &SecretString, params: &Params) -> Result<KeyHash, HasherError> {
        let salt = random_bytes::<16>()?;
        let output = self.output(text, &salt, params, Params::DEFAULT_OUTPUT_LEN)?;
        let phc = PasswordHash {
            algorithm: Algorithm::Argon2id.ident(),
            version: Some(Version::V0x13.into()),
            params: ParamsString::try_from(params).map_err(argon2_error)?,
            salt: Some(Salt::new(&salt).map_err(argon2_error)?),
            hash: Some(output),
        };
        Ok(KeyHash::from_phc(phc.to_string()))
    }

    fn verify(&mut self, text: &SecretString, hash: &KeyHash) -> Result<bool, HasherError> {
        let phc = PasswordHash::new(hash.as_phc()).map_err(argon2_error)?;
        let params = Params::try_from(&phc).map_err(argon2_error)?;
        let (Some(salt), Some(expected)) = (&phc.salt, &phc.hash) else {
            return Err(HasherError::Argon2("a stored hash lacks its salt or output".to_owned()));
        };
        let output = self.output(text, salt, &params, expected.len())?;
        // `Output` compares in constant time.
        Ok(output == *expected)
    }

    fn output(
        &mut self,
        text: &SecretString,
        salt: &[u8],
        params: &Params,
        length: usize,
    ) -> Result<Output, HasherError> {
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, params.clone());
        let secret = text.expose_secret().as_bytes();
        let mut buffer = [0; Output::MAX_LENGTH];
        let output = buffer.get_mut(..length).ok_or_else(|| argon2_error("output too long"))?;
        if params.block_count() <= self.0.len() {
            argon2.hash_password_into_with_memory(secret, salt, output, &mut self.0)
        } else {
            argon2.hash_password_into(secret, salt, output)
        }
        .map_err(argon2_error)?;
        Output::new(output).map_err(argon2_error)
    }
}

fn argon2_error(why: impl std::fmt::Display) -> HasherError {
    HasherError::Argon2(why.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cheap() -> Params {
        Params::new(8, 1, 1, None).unwrap()
    }

    #[tokio::test]
    async fn a_key_verifies_against_its_hash_and_no_other_does() {
        let hasher = Hasher::start(2, cheap(), cheap()).unwrap();
        let (key, hash) = hasher.new_key().await.unwrap();
        assert!(hash.as_phc().starts_with("$argon2id$v=19$m=8,t=1,p=1$"));
        assert!(hasher.verify_key(&key, hash.clone()).await.unwrap());
        let (other, _) = hasher.new_key().await.unwrap();
        assert!(!hasher.verify_key(&other, hash.clone()).await.unwrap());
        let longer = AuthKey::presented(format!("{}0", key.reveal()));
        assert!(!hasher.verify_key(&longer, hash).await.unwrap());
    }

    #[tokio::test]
    async fn a_hash_of_another_cost_verifies_at_its_own_cost() {
        let dear = Params::new(64, 2, 2, None).unwrap();
        let stored = Hasher::start(1, dear.clone(), dear).unwrap();
        let (key, hash) = stored.new_key().await.unwrap();
        let hasher = Hasher::start(1, cheap(), cheap()).unwrap();
        assert!(hasher.verify_key(&key, hash).await.unwrap());
    }

    #[tokio::test]
    async fn what_is_no_hash_is_an_error_and_not_a_wrong_key() {
        let hasher = Hasher::start(1, cheap(), cheap()).unwrap();
        let (key, _) = hasher.new_key().await.unwrap();
        let verdict = hasher.verify_key(&key, KeyHash::from_phc("plain".to_owned())).await;
        assert!(matches!(verdict, Err(HasherError::Argon2(_))));
    }
}

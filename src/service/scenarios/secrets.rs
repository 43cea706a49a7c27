//! What of a scenario needs a hash thread: passwords and auth keys.

use std::collections::BTreeMap;

use secrecy::ExposeSecret as _;

use super::super::{App, Result};
use crate::domain::scenario::Hidden;
use crate::domain::transfer::{AuthKey, KeyHash};

/// A secret that a scenario speaks of: the place of its entry among those of its kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Which {
    /// The password of a user.
    Password(usize),
    /// The key of a transfer.
    Key(usize),
}

/// What has to be found out about a secret.
#[derive(Debug, Clone)]
pub(super) struct Need {
    /// The text that the file has; none: the usual password, or a random key.
    pub(super) given: Option<Hidden>,
    /// The hash that is there already.
    pub(super) present: Option<KeyHash>,
}

/// All that has to be found out.
pub(super) type Needs = BTreeMap<Which, Need>;

/// A secret that was found out about.
#[derive(Debug, Clone)]
pub(super) struct Secret {
    /// The hash that it was compared with.
    pub(super) present: Option<KeyHash>,
    /// Whether that is its own.
    pub(super) is_present: bool,
    /// Its hash.
    pub(super) hash: KeyHash,
    /// The text, for a new transfer's answer.
    pub(super) text: Hidden,
}

/// All that was found out.
pub(super) type Secrets = BTreeMap<Which, Secret>;

impl App {
    /// Finds out about secrets, while no unit of work is open.
    pub(super) async fn provide(&self, needs: Needs) -> Result<Secrets> {
        let mut secrets = Secrets::new();
        for (which, Need { given, present }) in needs {
            let usual = || Hidden::new(self.rules.first.password.expose_secret().to_owned());
            let secret = match (which, given, present) {
                (Which::Key(_), None, present) => {
                    let (key, hash) = self.hasher.new_key().await?;
                    let text = Hidden::new(key.reveal().to_owned());
                    Secret { present, is_present: false, hash, text }
                }
                (Which::Key(_), Some(text), None) => {
                    let key = AuthKey::presented(text.reveal().to_owned());
                    let hash = self.hasher.hash_key(&key).await?;
                    Secret { present: None, is_present: false, hash, text }
                }
                (Which::Password(_), given, None) => {
                    let text = given.unwrap_or_else(usual);
                    let hash = self.hasher.hash_password(text.reveal().into()).await?;
                    Secret { present: None, is_present: false, hash, text }
                }
                (_, given, Some(present)) => {
                    let text = given.unwrap_or_else(usual);
                    let same =
                        self.hasher.verify_password(text.reveal().into(), present.clone()).await?;
                    // A transfer keeps its key: another one is complained of.
                    let hash = if same || matches!(which, Which::Key(_)) {
                        present.clone()
                    } else {
                        self.hasher.hash_password(text.reveal().into()).await?
                    };
                    Secret { present: Some(present), is_present: same, hash, text }
                }
            };
            secrets.insert(which, secret);
        }
        Ok(secrets)
    }
}

impl super::Seeder<'_> {
    /// What was found out about a secret; none: it is still to be found out.
    pub(super) fn secret(
        &mut self,
        which: Which,
        given: Option<&Hidden>,
        present: Option<&KeyHash>,
    ) -> Option<Secret> {
        let found = self.secrets.get(&which).filter(|secret| secret.present.as_ref() == present);
        if found.is_none() {
            let need = Need { given: given.cloned(), present: present.cloned() };
            self.needs.insert(which, need);
        }
        found.cloned()
    }
}

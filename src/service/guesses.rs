//! Bounds on guessing: who was wrong too often about a secret waits, even with the right one.

use tracing::warn;

use super::{App, Result, settle};
use crate::domain::access::Caller;
use crate::domain::event::{Event, State};
use crate::domain::guess::{GuessLimit, Secret, Target};
use crate::store::{ReadTx, WriteTx};

impl App {
    fn limit(&self, secret: Secret) -> GuessLimit {
        match secret {
            Secret::AuthKey => self.rules.key_guesses,
            Secret::Password => self.rules.password_guesses,
        }
    }

    /// Refuses a guess about a target that was guessed wrongly too often.
    pub(super) async fn may_guess(
        &self,
        view: &mut (impl ReadTx + ?Sized),
        target: &Target,
    ) -> Result<()> {
        let (limit, now) = (self.limit(target.secret), self.now());
        if limit.most == 0 {
            return Ok(());
        }
        let failures = view.failures(target, now - limit.window).await?;
        let taken = limit.allows(failures, now);
        if taken.is_err() {
            self.metrics.count_refused_guess(target.secret);
        }
        Ok(taken?)
    }

    /// Writes a wrong guess down. Of many that came at once those beyond the limit are refused here,
    /// so that nobody learns more from them than from one after the other.
    pub(super) async fn wrong_guess(&self, caller: &Caller, target: &Target) -> Result<()> {
        if self.limit(target.secret).most == 0 {
            return Ok(());
        }
        let mut unit = self.write().await?;
        let noted = self.note(&mut *unit, caller, target).await;
        settle(unit, noted).await?;
        self.metrics.count_wrong_guess(target.secret);
        warn!(guess.secret = target.secret.as_str(), guess.subject = %target.subject,
            "a wrong {} for {}", target.secret.as_str(), target.subject);
        Ok(())
    }

    async fn note(&self, unit: &mut dyn WriteTx, caller: &Caller, target: &Target) -> Result<()> {
        self.may_guess(unit, target).await?;
        let now = self.now();
        unit.insert_failure(target, now);
        let action = match target.secret {
            Secret::AuthKey => "transfer.wrong_key",
            Secret::Password => "login.wrong_password",
        };
        let state = State { project_id: caller.project.to_string(), ..State::default() };
        let subject = &target.subject;
        unit.record(&Event::of(caller, now, action, subject, None, Some(state)));
        Ok(())
    }
}

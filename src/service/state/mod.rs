//! States by name: saved, compared, loaded, and everything taken back to the first start.
//!
//! What is loaded is prepared as a store of its own: it is asked who could come in, its clock is set to
//! go on from where it stood, and the event that tells of it is written there. Then it takes the place
//! of everything at once.

mod reset;

use std::sync::Arc;
use std::time::{Duration, Instant};

use tracing::info;

use super::{App, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::clock::{ClockSetting, SimulatedClock};
use crate::domain::event::{Event, State};
use crate::domain::state::{
    Detail, Difference, Overwrite, Replacement, SavedState, Side, StateName, StateRefused,
};
use crate::store::state::{Candidate, Source, StateError};

/// What has become of everything, and how long it took.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Loaded {
    /// How much there is, and which past it has.
    pub replacement: Replacement,
    /// How long it took.
    pub took: Duration,
    /// For how long of that a new write had to wait.
    pub held: Duration,
}

impl From<StateError> for ServiceError {
    fn from(error: StateError) -> Self {
        match error {
            StateError::Refused(refused) => Self::State(refused),
            StateError::Store(error) => Self::Store(error),
        }
    }
}

impl App {
    /// Saves the present state under a name.
    pub async fn save_state(&self, name: &StateName, overwrite: Overwrite) -> Result<SavedState> {
        let start = Instant::now();
        let saved = self.store.save_state(name, self.clock.machine_now(), overwrite).await?;
        let took_ms = start.elapsed().as_millis();
        info!(state.name = %name, state.bytes = saved.bytes, took_ms, "saved state {name}");
        Ok(saved)
    }

    /// Every saved state, by name.
    pub async fn saved_states(&self) -> Result<Vec<SavedState>> {
        Ok(self.store.saved_states().await?)
    }

    /// Removes a saved state.
    pub async fn delete_state(&self, name: &StateName) -> Result<()> {
        self.store.delete_state(name).await?;
        info!(state.name = %name, "removed state {name}");
        Ok(())
    }

    /// How two states differ.
    pub async fn compare_states(
        &self,
        from: &Side,
        to: &Side,
        detail: Detail,
    ) -> Result<Difference> {
        Ok(self.store.compare_states(from, to, detail).await?)
    }

    /// Puts a saved state in place of the present one, all or nothing.
    pub async fn load_state(&self, caller: &Caller, name: &StateName) -> Result<Loaded> {
        let start = Instant::now();
        let candidate = self.store.prepare_state(Source::Saved(name.clone())).await?;
        // Nobody ends anything while one state becomes the other.
        let turn = self.turn().await;
        let outcome = self.resume(&candidate, caller, name).await;
        let loaded = self.put_in_place(candidate, outcome, start).await?;
        drop(turn);
        self.woken.notify_one();
        let Loaded { replacement: Replacement { rows, epoch }, took, held } = loaded;
        let (took_ms, held_ms) = (took.as_millis(), held.as_millis());
        info!(state.name = %name, state.rows = rows, state.epoch = epoch, took_ms, held_ms,
            "loaded state {name}");
        Ok(loaded)
    }

    /// Takes everything back to what a first start makes, all or nothing.
    pub async fn reset_everything(&self, caller: &Caller) -> Result<Loaded> {
        let start = Instant::now();
        let candidate = self.store.prepare_state(Source::Empty).await?;
        let outcome = self.begin_anew(&candidate, caller).await;
        let turn = self.turn().await;
        let loaded = self.put_in_place(candidate, outcome, start).await?;
        drop(turn);
        self.woken.notify_one();
        let Loaded { replacement: Replacement { epoch, .. }, took, .. } = loaded;
        info!(state.epoch = epoch, took_ms = took.as_millis(), "reset everything");
        Ok(loaded)
    }

    /// The use cases on another store, by a clock of its own over the same machine's.
    fn upon(&self, candidate: &Candidate, setting: Option<ClockSetting>) -> Self {
        let clock = Arc::new(SimulatedClock::beside(&self.clock, setting));
        Self { store: Arc::clone(&candidate.store), clock, ..self.clone() }
    }

    /// Lets a saved state go on as if no time had passed since it was saved, and writes that it was
    /// loaded.
    async fn resume(&self, candidate: &Candidate, caller: &Caller, name: &StateName) -> Result<()> {
        let machine_now = self.clock.machine_now();
        let setting = candidate.store.read().await?.clock().await?;
        let setting = setting.map(|setting| match candidate.saved_at {
            Some(saved_at) if !setting.frozen => {
                let moment = setting.now(saved_at);
                ClockSetting { moment, since: machine_now, ..setting }
            }
            Some(_) | None => setting,
        });
        let upon = self.upon(candidate, setting);
        if self.rules.exposed && upon.default_password_in_use().await? == Some(true) {
            return Err(StateRefused::Exposed.into());
        }
        let mut unit = upon.write().await?;
        if let Some(setting) = setting {
            unit.set_clock(setting);
        }
        let state = State { name: Some(name.to_string()), ..told(caller) };
        let event = Event::of(caller, upon.now(), "state.load", name, None, Some(state));
        unit.record(&event.because(format!("state {name} took the place of everything")));
        settle(unit, Ok(())).await
    }

    /// Makes in an empty store what a first start makes, and writes that everything was reset.
    async fn begin_anew(&self, candidate: &Candidate, caller: &Caller) -> Result<()> {
        if self.rules.exposed && self.rules.first.has_default_password() {
            return Err(StateRefused::Exposed.into());
        }
        let upon = self.upon(candidate, None);
        upon.make_first_accounts().await?;
        upon.make_first_disk_types().await?;
        upon.seed_at_first_start().await?;
        let mut unit = upon.write().await?;
        let state = Some(told(caller));
        let event = Event::of(caller, upon.now(), "state.reset", &"everything", None, state);
        unit.record(&event.because("everything was taken back to the first start"));
        settle(unit, Ok(())).await
    }

    /// Replaces everything, unless what came before it failed.
    async fn put_in_place(
        &self,
        candidate: Candidate,
        prepared: Result<()>,
        start: Instant,
    ) -> Result<Loaded> {
        if let Err(why) = prepared {
            candidate.store.close().await;
            return Err(why);
        }
        let asked = Instant::now();
        let replaced = self.store.replace_state(&candidate).await?;
        // Before the first change to the new state: what is kept in memory is that of the old one.
        self.read_again().await?;
        let replacement = replaced.replacement;
        drop(replaced);
        Ok(Loaded { replacement, took: start.elapsed(), held: asked.elapsed() })
    }
}

/// What an event tells of who asked for it.
fn told(caller: &Caller) -> State {
    State { project_id: caller.project.to_string(), ..State::default() }
}

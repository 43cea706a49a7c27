//! The clock that people steer: every change of it is on disk before it counts, and what becomes due
//! on the way of a clock that is set ahead happens at its moment.

use chrono::{SecondsFormat, TimeDelta};
use tracing::{error, info};

use super::progress::{Due, Finished};
use super::{App, Result, ServiceError, settle};
use crate::domain::access::Caller;
use crate::domain::clock::{
    ClockReading, ClockRefused, ClockSetting, HeldClock, LATEST, Scale, Time,
};
use crate::domain::event::{Event, State};
use crate::store::StoreError;

/// The most things that an answer tells of; all are counted.
pub const MOST_TOLD: usize = 1000;

/// After so many things one change of the clock goes no further, so that its answer comes.
const MOST_ENDED: usize = 10_000;

/// What is to become of the clock.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ClockChange {
    /// It stands still.
    Freeze,
    /// It goes on from where it stands.
    Run,
    /// It goes so fast from now on.
    Scale(Scale),
    /// It shows this moment, which is not before the present one.
    Set(Time),
    /// It shows a moment that is so much later.
    Advance(TimeDelta),
    /// It shows what the machine's clock does.
    Reset,
}

/// What came of a change of the clock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClockChanged {
    /// What it shows.
    pub reading: ClockReading,
    /// What was over on the way and when, in order; the first [`MOST_TOLD`].
    pub finished: Vec<(Time, Finished)>,
    /// How much was over on the way.
    pub count: usize,
    /// Where it should have come to if it did not come there: it stops on the way after very many
    /// things, or when the server stops.
    pub rest: Option<Time>,
}

/// Where the clock is to go.
#[derive(Debug, Clone, Copy)]
struct Way {
    change: ClockChange,
    before: ClockReading,
    target: Time,
}

impl Way {
    /// How the clock goes from `moment` on, before it has come to the target.
    fn on_the_way(&self, moment: Time, since: Time) -> ClockSetting {
        let start = ClockSetting { moment, since, scale: Scale::ONE, frozen: false };
        self.before.setting.map_or(start, |before| ClockSetting { moment, since, ..before })
    }

    /// How it goes from the target on.
    fn at_the_end(&self, since: Time) -> Option<ClockSetting> {
        let as_before = self.on_the_way(self.target, since);
        match self.change {
            ClockChange::Freeze => Some(ClockSetting { frozen: true, ..as_before }),
            ClockChange::Run => {
                self.before.setting.map(|_| ClockSetting { frozen: false, ..as_before })
            }
            ClockChange::Scale(scale) => Some(ClockSetting { scale, ..as_before }),
            ClockChange::Set(_) | ClockChange::Advance(_) => Some(as_before),
            ClockChange::Reset => None,
        }
    }

    fn action(&self) -> &'static str {
        match self.change {
            ClockChange::Freeze => "clock.freeze",
            ClockChange::Run => "clock.run",
            ClockChange::Scale(_) => "clock.scale",
            ClockChange::Set(_) => "clock.set",
            ClockChange::Advance(_) => "clock.advance",
            ClockChange::Reset => "clock.reset",
        }
    }
}

impl App {
    /// What the clock shows.
    pub fn clock(&self) -> ClockReading {
        self.clock.reading()
    }

    /// Lets nobody else end what is due until what is returned is dropped.
    pub(super) async fn turn(&self) -> tokio::sync::MutexGuard<'_, ()> {
        self.turn.lock().await
    }

    /// Lets a change of the clock that is under way end before its time, since the server stops.
    pub fn stop_the_clock(&self) {
        self.stopping.cancel();
    }

    /// Reads anew what is kept in memory, after the file's content was replaced or edited by hand. Whoever
    /// calls it has the turn.
    pub async fn read_again(&self) -> Result<()> {
        let setting = self.read().await?.clock().await?;
        self.clock.replace(setting);
        self.read_faults_again().await?;
        self.woken.notify_one();
        Ok(())
    }

    /// Changes the clock, and says what was over on the way.
    pub async fn change_clock(&self, caller: &Caller, change: ClockChange) -> Result<ClockChanged> {
        let turn = self.turn().await;
        let mut held = self.clock.hold();
        let before = self.clock.reading();
        let way = Way { change, before, target: target(change, before)? };
        let mut told = Told { event: Some(event(caller, &way)), finished: Vec::new(), count: 0 };
        let complete = match change {
            ClockChange::Freeze | ClockChange::Run | ClockChange::Scale(_) => true,
            ClockChange::Set(_) | ClockChange::Advance(_) | ClockChange::Reset => {
                self.walk(&way, &mut held, &mut told).await?
            }
        };
        if complete {
            let setting = way.at_the_end(self.clock.machine_now());
            self.put(&mut held, way.target, setting, &mut told).await?;
        }
        drop((held, turn));
        // Whoever sleeps until something is due sleeps for another time now.
        self.woken.notify_one();
        let Told { finished, count, .. } = told;
        let reading = self.clock.reading();
        let (action, now) = (way.action(), reading.now);
        info!(clock.now = %now, clock.ended = count, "{action}: the clock shows {now}");
        Ok(ClockChanged { reading, finished, count, rest: (!complete).then_some(way.target) })
    }

    /// Goes to each moment at which something is due and lets it happen there, up to the target; says
    /// whether it came there.
    async fn walk(&self, way: &Way, held: &mut HeldClock, told: &mut Told) -> Result<bool> {
        loop {
            self.end_here(held.now(), told).await?;
            let Some(next) = self.next_due(Some(held.now())).await?.filter(|at| *at <= way.target)
            else {
                return Ok(true);
            };
            if told.count >= MOST_ENDED || self.stopping.is_cancelled() {
                return Ok(false);
            }
            let setting = way.on_the_way(next, self.clock.machine_now());
            self.put(held, next, Some(setting), told).await?;
        }
    }

    /// Ends everything that is due at this moment.
    async fn end_here(&self, now: Time, told: &mut Told) -> Result<()> {
        // Where somebody steps, time that passes ends nothing.
        let only_schedules = self.rules.simulation.explicit;
        let due = Due { until: Some(now), only_schedules, ..Due::default() };
        loop {
            match self.run_due(due).await {
                Ok(finished) if finished.is_empty() => return Ok(()),
                Ok(finished) => told.tell(now, finished),
                // A row that somebody broke holds up nothing else, nor does a bug that it meets.
                Err(
                    why @ (ServiceError::Store(
                        StoreError::Corrupt { .. } | StoreError::RowsAffected { .. },
                    )
                    | ServiceError::Panicked(_)),
                ) => {
                    error!(error = %why, "what is due at {now} could not be ended");
                    return Ok(());
                }
                Err(why) => return Err(why),
            }
        }
    }

    /// Writes how the clock goes from `now` on, and lets it show `now` when that is on disk.
    async fn put(
        &self,
        held: &mut HeldClock,
        now: Time,
        setting: Option<ClockSetting>,
        told: &mut Told,
    ) -> Result<()> {
        let mut unit = self.write().await?;
        match setting {
            Some(setting) => unit.set_clock(setting),
            None => unit.reset_clock(),
        }
        if let Some(event) = told.event.take() {
            unit.record(&event);
        }
        settle(unit, Ok(())).await?;
        held.set(now, setting);
        Ok(())
    }
}

/// What a change has to tell.
struct Told {
    /// Goes with the first write.
    event: Option<Event>,
    finished: Vec<(Time, Finished)>,
    count: usize,
}

impl Told {
    fn tell(&mut self, now: Time, finished: Vec<Finished>) {
        self.count += finished.len();
        let room = MOST_TOLD.saturating_sub(self.finished.len());
        self.finished.extend(finished.into_iter().take(room).map(|finished| (now, finished)));
    }
}

/// The moment that the clock shows after a change.
fn target(change: ClockChange, before: ClockReading) -> std::result::Result<Time, ClockRefused> {
    let ClockReading { now, real, .. } = before;
    let target = match change {
        ClockChange::Freeze | ClockChange::Run | ClockChange::Scale(_) => now,
        ClockChange::Set(wanted) => wanted,
        ClockChange::Advance(by) => now.checked_add_signed(by).ok_or(ClockRefused::TooLate)?,
        ClockChange::Reset if now > real => return Err(ClockRefused::AheadOfMachine { now, real }),
        ClockChange::Reset => real,
    };
    if target < now {
        return Err(ClockRefused::Backwards { now, wanted: target });
    }
    if target > LATEST { Err(ClockRefused::TooLate) } else { Ok(target) }
}

fn event(caller: &Caller, way: &Way) -> Event {
    let state = |now: Time, setting: Option<ClockSetting>| {
        let mut values = vec![
            ("now", now.to_rfc3339_opts(SecondsFormat::Micros, true)),
            ("mode", mode(setting).to_owned()),
        ];
        if let Some(setting) = setting {
            values.push(("scale", setting.scale.to_string()));
        }
        let values = values.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
        Some(State { project_id: caller.project.to_string(), values, ..State::default() })
    };
    let Way { before, target, .. } = way;
    let from = state(before.now, before.setting);
    let to = state(*target, way.at_the_end(before.real));
    Event::of(caller, before.now, way.action(), &"clock", from, to)
}

/// The word for how a clock goes.
pub fn mode(setting: Option<ClockSetting>) -> &'static str {
    match setting {
        None => "real",
        Some(ClockSetting { frozen: true, .. }) => "frozen",
        Some(ClockSetting { frozen: false, .. }) => "running",
    }
}

//! Where the time comes from: the machine, a hand that people set, or one that a test moves.

use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use chrono::{DateTime, SubsecRound, TimeDelta, Utc};
use thiserror::Error;

/// A moment in UTC; microseconds are kept, finer digits never reach the database.
pub type Time = DateTime<Utc>;

/// Tells the time. Nothing else in the service does.
pub trait Clock: Send + Sync + 'static {
    /// The present moment, cut to microseconds.
    fn now(&self) -> Time;
}

/// The machine's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    #[expect(clippy::disallowed_methods, reason = "this is the one place that asks the machine")]
    fn now(&self) -> Time {
        Utc::now().trunc_subsecs(6)
    }
}

/// A clock that stands still until it is moved.
#[derive(Debug)]
pub struct ManualClock(Mutex<Time>);

impl ManualClock {
    /// Stands at `start`.
    pub fn at(start: Time) -> Self {
        Self(Mutex::new(start.trunc_subsecs(6)))
    }

    /// Moves on by `step`.
    pub fn advance(&self, step: TimeDelta) {
        let mut now = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        *now += step;
    }
}

impl Clock for ManualClock {
    fn now(&self) -> Time {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The last moment that a steered clock comes to, where it stands still. A thousand years before the
/// year 10000, from which on times would no longer sort as texts: whatever begins at the end of time
/// and takes a while still ends before that.
pub const LATEST: Time = match DateTime::from_timestamp(221_845_392_000, 0) {
    Some(latest) => latest,
    None => DateTime::UNIX_EPOCH,
};

/// How many microseconds of a steered clock pass in a thousand of the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Scale(i64);

impl Scale {
    /// As fast as the machine's clock.
    pub const ONE: Self = Self(1000);
    /// A second in a quarter of an hour.
    pub const SLOWEST: Self = Self(1);
    /// More than a day in a second.
    pub const FASTEST: Self = Self(100_000_000);

    /// So many thousandths of the machine's speed, from 1 to 100 000 000.
    pub fn of_thousandths(thousandths: i64) -> Option<Self> {
        (Self::SLOWEST.0..=Self::FASTEST.0).contains(&thousandths).then_some(Self(thousandths))
    }

    /// The same as a number.
    pub fn thousandths(self) -> i64 {
        self.0
    }
}

impl fmt::Display for Scale {
    /// Without more decimals than it has.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (whole, fraction) = (self.0 / 1000, self.0 % 1000);
        let text = format!("{whole}.{fraction:03}");
        f.write_str(text.trim_end_matches('0').trim_end_matches('.'))
    }
}

/// How a steered clock goes: it showed `moment` when the machine's clock showed `since`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockSetting {
    /// What it showed.
    pub moment: Time,
    /// What the machine's clock showed then.
    pub since: Time,
    /// How fast it goes, or would if it were not frozen.
    pub scale: Scale,
    /// Whether it stands still.
    pub frozen: bool,
}

impl ClockSetting {
    /// What it shows when the machine's clock shows `real`. A machine whose clock was put back before
    /// `since` finds it standing.
    pub fn now(&self, real: Time) -> Time {
        if self.frozen {
            return self.moment.min(LATEST);
        }
        let passed = (real - self.since).num_microseconds().unwrap_or(i64::MAX).max(0);
        let scaled = i128::from(passed) * i128::from(self.scale.0) / 1000;
        let scaled = TimeDelta::microseconds(i64::try_from(scaled).unwrap_or(i64::MAX));
        self.moment.checked_add_signed(scaled).map_or(LATEST, |now| now.min(LATEST))
    }

    /// How much time of the machine passes until `ahead` has passed here; none: it stands still.
    fn real_time(&self, ahead: TimeDelta) -> Option<TimeDelta> {
        if self.frozen {
            return None;
        }
        let ahead = ahead.num_microseconds().unwrap_or(i64::MAX);
        let scale = i128::from(self.scale.0);
        // Rounded up: who wakes too early finds nothing to do.
        let real = (i128::from(ahead) * 1000 + scale - 1) / scale;
        Some(TimeDelta::microseconds(i64::try_from(real).unwrap_or(i64::MAX)))
    }
}

/// A clock that goes as it is set, over another one, usually the machine's.
pub struct SimulatedClock {
    machine: Arc<dyn Clock>,
    hand: Mutex<Hand>,
}

/// What moves a [`SimulatedClock`].
#[derive(Debug, Clone, Copy)]
struct Hand {
    /// None: it shows what the machine's shows.
    setting: Option<ClockSetting>,
    /// Where it is held, whatever the setting says.
    held: Option<Time>,
}

impl fmt::Debug for SimulatedClock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SimulatedClock").field("hand", &self.hand).finish_non_exhaustive()
    }
}

impl Clock for SimulatedClock {
    fn now(&self) -> Time {
        // Under the lock: a hand that is put on between the two looks must not be overtaken.
        let hand = self.hand();
        hand.shown(self.machine.now())
    }
}

impl Hand {
    fn shown(&self, real: Time) -> Time {
        self.held.unwrap_or_else(|| self.setting.map_or(real, |setting| setting.now(real)))
    }
}

/// What a [`SimulatedClock`] shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ClockReading {
    /// The present moment.
    pub now: Time,
    /// The machine's.
    pub real: Time,
    /// How it goes; none: as the machine's clock.
    pub setting: Option<ClockSetting>,
}

impl SimulatedClock {
    /// A clock over `machine` that goes as it is set; without a setting it shows what `machine` does.
    pub fn new(machine: Arc<dyn Clock>, setting: Option<ClockSetting>) -> Self {
        Self { machine, hand: Mutex::new(Hand { setting, held: None }) }
    }

    /// Another clock over the same machine's.
    pub fn beside(other: &Self, setting: Option<ClockSetting>) -> Self {
        Self::new(Arc::clone(&other.machine), setting)
    }

    /// What the machine's clock shows.
    pub fn machine_now(&self) -> Time {
        self.machine.now()
    }

    /// What it shows, what the machine's clock shows, and how it goes, at one moment.
    pub fn reading(&self) -> ClockReading {
        let hand = self.hand();
        let real = self.machine.now();
        ClockReading { now: hand.shown(real), real, setting: hand.setting }
    }

    /// How much time of the machine passes until this clock shows `then`; none: never, it stands still.
    pub fn real_time_until(&self, then: Time) -> Option<TimeDelta> {
        let hand = self.hand();
        let ahead = (then - hand.shown(self.machine.now())).max(TimeDelta::zero());
        hand.setting.map_or(Some(ahead), |setting| setting.real_time(ahead))
    }

    /// Lets it go as `setting` says, wherever it stood, back too: for a file whose content is another now.
    /// Not while it is held.
    pub fn replace(&self, setting: Option<ClockSetting>) {
        *self.hand() = Hand { setting, held: None };
    }

    /// Holds it where it stands until what is returned is dropped. Whoever changes the setting does so
    /// meanwhile: a clock that went on while its new setting is written would show later moments than
    /// the setting begins with, and then go back. Not to be held twice at the same time.
    pub fn hold(self: &Arc<Self>) -> HeldClock {
        let now = {
            let mut hand = self.hand();
            let now = hand.shown(self.machine.now());
            hand.held = Some(now);
            now
        };
        HeldClock { clock: Arc::clone(self), now }
    }

    fn hand(&self) -> MutexGuard<'_, Hand> {
        self.hand.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A clock that is held still, to be set.
#[derive(Debug)]
pub struct HeldClock {
    clock: Arc<SimulatedClock>,
    now: Time,
}

impl HeldClock {
    /// Where it is held.
    pub fn now(&self) -> Time {
        self.now
    }

    /// Holds it at `now`, a later moment, from which it will go on as `setting` says.
    pub fn set(&mut self, now: Time, setting: Option<ClockSetting>) {
        self.now = now;
        *self.clock.hand() = Hand { setting, held: Some(now) };
    }
}

impl Drop for HeldClock {
    fn drop(&mut self) {
        self.clock.hand().held = None;
    }
}

/// Why a clock is not set.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ClockRefused {
    /// It would go back.
    #[error("the clock shows {now} and does not go back to {wanted}")]
    Backwards {
        /// What it shows.
        now: Time,
        /// What it should show.
        wanted: Time,
    },
    /// It would go back to the machine's time.
    #[error("the clock shows {now} and does not go back to the machine's {real}")]
    AheadOfMachine {
        /// What it shows.
        now: Time,
        /// What the machine's clock shows.
        real: Time,
    },
    /// Time ends before that.
    #[error("the clock goes no further than {LATEST}")]
    TooLate,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(second: i64) -> Time {
        DateTime::UNIX_EPOCH + TimeDelta::seconds(second)
    }

    fn running(thousandths: i64) -> ClockSetting {
        let scale = Scale::of_thousandths(thousandths).unwrap();
        ClockSetting { moment: at(1000), since: at(10), scale, frozen: false }
    }

    fn clock(setting: Option<ClockSetting>) -> (Arc<ManualClock>, Arc<SimulatedClock>) {
        let machine = Arc::new(ManualClock::at(at(10)));
        (Arc::clone(&machine), Arc::new(SimulatedClock::new(machine, setting)))
    }

    #[test]
    fn a_clock_whose_setting_is_replaced_may_show_an_earlier_moment() {
        let (_, clock) = clock(Some(running(1000)));
        clock.replace(None);
        assert_eq!(clock.now(), at(10));
        clock.replace(Some(running(1000)));
        assert_eq!(clock.now(), at(1000));
    }

    #[test]
    fn a_running_clock_goes_at_its_scale_from_its_moment_in_whole_microseconds() {
        for (thousandths, real_ms, shown_us) in [
            (1000, 1500, 1_500_000),
            (60_000, 1500, 90_000_000),
            (500, 1, 500),
            (1, 1, 1),
            (100_000_000, 1000, 100_000_000_000),
        ] {
            let now = running(thousandths).now(at(10) + TimeDelta::milliseconds(real_ms));
            assert_eq!(now, at(1000) + TimeDelta::microseconds(shown_us), "{thousandths}");
        }
        // A thousandth of a microsecond is none.
        let almost = at(10) + TimeDelta::microseconds(999);
        assert_eq!(running(1).now(almost), at(1000));
        assert_eq!(
            running(1).now(almost + TimeDelta::microseconds(1)).timestamp_subsec_micros(),
            1
        );
    }

    #[test]
    fn no_clock_goes_back_when_the_machine_does_and_none_goes_beyond_the_end_of_time() {
        assert_eq!(running(1000).now(at(9)), at(1000));
        assert_eq!(LATEST.to_rfc3339(), "9000-01-01T00:00:00+00:00");
        let late = running(100_000_000).now(at(10_000_000_000));
        assert_eq!(late, LATEST);
        assert_eq!(running(1000).now(Time::MAX_UTC), LATEST);
        assert_eq!(ClockSetting { frozen: true, ..running(1) }.now(Time::MAX_UTC), at(1000));
    }

    #[test]
    fn a_scale_is_from_a_thousandth_to_a_hundred_thousand() {
        for thousandths in [1, 999, 1000, 100_000_000] {
            assert_eq!(Scale::of_thousandths(thousandths).unwrap().thousandths(), thousandths);
        }
        for (thousandths, text) in [(1, "0.001"), (500, "0.5"), (60_000, "60"), (1010, "1.01")] {
            assert_eq!(Scale::of_thousandths(thousandths).unwrap().to_string(), text);
        }
        for thousandths in [i64::MIN, -1, 0, 100_000_001] {
            assert_eq!(Scale::of_thousandths(thousandths), None);
        }
    }

    #[test]
    fn without_a_setting_the_machines_time_is_shown() {
        let (machine, clock) = clock(None);
        assert_eq!(clock.reading(), ClockReading { now: at(10), real: at(10), setting: None });
        machine.advance(TimeDelta::seconds(1));
        assert_eq!((clock.now(), clock.machine_now()), (at(11), at(11)));
        assert_eq!(clock.real_time_until(at(13)), Some(TimeDelta::seconds(2)));
        assert_eq!(clock.real_time_until(at(1)), Some(TimeDelta::zero()));
    }

    #[test]
    fn the_machines_time_until_a_moment_is_shorter_the_faster_the_clock_goes() {
        let until = |setting| clock(Some(setting)).1.real_time_until(at(1001));
        assert_eq!(until(running(1000)), Some(TimeDelta::seconds(1)));
        assert_eq!(until(running(60_000)), Some(TimeDelta::microseconds(16_667)));
        assert_eq!(until(running(1)), Some(TimeDelta::seconds(1000)));
        assert_eq!(until(ClockSetting { frozen: true, ..running(1) }), None);
    }

    #[test]
    fn a_held_clock_stands_until_it_is_let_go_and_then_goes_on_as_it_was_set() {
        let (machine, clock) = clock(Some(running(1000)));
        let second = || machine.advance(TimeDelta::seconds(1));
        second();
        let mut held = clock.hold();
        second();
        assert_eq!((held.now(), clock.now()), (at(1001), at(1001)));
        held.set(at(2000), Some(ClockSetting { moment: at(2000), since: at(12), ..running(2000) }));
        second();
        assert_eq!((held.now(), clock.now()), (at(2000), at(2000)));
        drop(held);
        assert_eq!(clock.now(), at(2002));
        drop(clock.hold());
        second();
        assert_eq!(clock.now(), at(2004));
    }
}

//! How long an offer lasts.

use chrono::{SecondsFormat, TimeDelta};

use crate::domain::clock::Time;
use crate::domain::status::statuses;

statuses! {
    /// Who says how long a transfer lasts.
    ExpirySource {
        /// The settings, for every transfer whose creation says nothing.
        Setting = "setting",
        /// The request that made it.
        Header = "header",
    }
}

/// When a pending transfer ends by itself, and who said so.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Expiry {
    /// The moment from which on it counts as gone.
    pub at: Time,
    /// Who said so.
    pub source: ExpirySource,
}

/// How long a transfer lasts: so many seconds, or for ever.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lifetime(i64);

impl Lifetime {
    /// It never ends by itself, as Cinder's transfers.
    pub const FOREVER: Self = Self(0);
    /// A year.
    pub const LONGEST_S: i64 = 31_536_000;

    /// So many seconds, at most [`Self::LONGEST_S`]; 0: for ever.
    pub fn of_seconds(seconds: i64) -> Option<Self> {
        (0..=Self::LONGEST_S).contains(&seconds).then_some(Self(seconds))
    }

    /// What a text of digits and nothing else says.
    pub fn parse(text: &str) -> Option<Self> {
        let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
        digits.then(|| text.parse().ok()).flatten().and_then(Self::of_seconds)
    }

    fn ends(self, now: Time, source: ExpirySource) -> Option<Expiry> {
        (self.0 > 0).then(|| Expiry { at: now + TimeDelta::seconds(self.0), source })
    }
}

impl Expiry {
    /// When a transfer ends that is made now: as its request says, or else as the settings do.
    pub fn of(now: Time, asked: Option<Lifetime>, usual: Lifetime) -> Option<Self> {
        match asked {
            Some(lifetime) => lifetime.ends(now, ExpirySource::Header),
            None => usual.ends(now, ExpirySource::Setting),
        }
    }

    /// Why a transfer that was made at `created_at` has ended, as a sentence for its event.
    pub fn reason(&self, created_at: Time) -> String {
        let at = self.at.to_rfc3339_opts(SecondsFormat::Micros, true);
        let lasted_s = (self.at - created_at).num_seconds();
        let said = match self.source {
            ExpirySource::Setting => "as the setting transfers.expire_after_s said",
            ExpirySource::Header => {
                "as the header X-Evs-Transfer-Expires-In of its creation asked for"
            }
        };
        format!("it expired at {at}, {lasted_s} s after it was made, {said}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_lifetime_is_whole_seconds_up_to_a_year_and_zero_is_for_ever() {
        for (text, seconds) in [("0", 0), ("1", 1), ("060", 60), ("31536000", 31_536_000)] {
            assert_eq!(Lifetime::parse(text), Some(Lifetime(seconds)), "{text}");
        }
        for text in
            ["", "-1", "+1", " 1", "1 ", "1.0", "1e3", "31536001", "99999999999999999999", "x", "١"]
        {
            assert_eq!(Lifetime::parse(text), None, "{text}");
        }
        assert_eq!(Lifetime::of_seconds(-1), None);
    }

    #[test]
    fn what_the_request_says_wins_over_the_settings_and_both_may_say_never() {
        let now: Time = "2026-11-23T07:41:05.318204Z".parse().unwrap();
        let ends = |seconds, source| Some(Expiry { at: now + TimeDelta::seconds(seconds), source });
        let [hour, minute] = [3600, 60].map(|seconds| Lifetime::of_seconds(seconds).unwrap());
        let forever = Lifetime::FOREVER;
        for (asked, usual, expected) in [
            (None, forever, None),
            (None, hour, ends(3600, ExpirySource::Setting)),
            (Some(minute), hour, ends(60, ExpirySource::Header)),
            (Some(minute), forever, ends(60, ExpirySource::Header)),
            (Some(forever), hour, None),
        ] {
            assert_eq!(Expiry::of(now, asked, usual), expected, "{asked:?} {usual:?}");
        }
    }

    #[test]
    fn the_reason_says_when_it_ended_and_who_said_that_it_would() {
        let now: Time = "2026-11-23T07:41:05.318204Z".parse().unwrap();
        let usual = Lifetime::of_seconds(60).unwrap();
        assert_eq!(
            Expiry::of(now, None, usual).unwrap().reason(now),
            "it expired at 2026-11-23T07:42:05.318204Z, 60 s after it was made, as the setting \
             transfers.expire_after_s said"
        );
        assert_eq!(
            Expiry::of(now, Some(usual), usual).unwrap().reason(now),
            "it expired at 2026-11-23T07:42:05.318204Z, 60 s after it was made, as the header \
             X-Evs-Transfer-Expires-In of its creation asked for"
        );
    }
}

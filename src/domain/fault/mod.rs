//! Faults: rules by which something goes wrong on purpose, as clouds do by themselves. A rule says
//! which calls it is about, which of those it lets through, and what becomes of the others.

mod armed;
mod draft;
mod operations;

use std::collections::BTreeSet;
use std::fmt;

use thiserror::Error;

use super::access::Action;
use super::clock::Time;
use super::ids::{DiskId, FaultId, ProjectId};
use super::progress::Operation;
use super::status::statuses;

pub use armed::{Armed, CallFaults, Called, Then, call, due_work, fail_step};
pub use draft::FaultDraft;
pub use operations::{fitting, word, words, writing_words};

/// The longest delay: nobody waits longer than an hour on purpose.
pub const LONGEST_DELAY_MS: u32 = 3_600_000;

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Fault {
    /// Its id.
    pub id: FaultId,
    /// What people say about it.
    pub note: Option<String>,
    /// Only what is asked on behalf of this project, or for a step, what this project owns.
    pub project: Option<ProjectId>,
    /// Only what is about this disk.
    pub disk: Option<DiskId>,
    /// Which of the calls that it is about it meets.
    pub chance: Chance,
    /// What becomes of them.
    pub effect: Effect,
    /// Whether it outlives a restart.
    pub keeping: Keeping,
    /// When it was made.
    pub created_at: Time,
}

/// Which of the calls that a rule is about it meets.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Chance {
    /// So many are let through first.
    pub skip: u32,
    /// At most so many are met; none: any number.
    pub times: Option<u32>,
    /// How likely each of the others is met.
    pub probability: Probability,
    /// What the dice begin with: the same seed meets the same calls.
    pub seed: u32,
}

impl Chance {
    /// Whether the call after `before` others that the rule was about is met, of which `met` were.
    pub fn meets(&self, before: u64, met: u64) -> bool {
        before >= u64::from(self.skip)
            && self.times.is_none_or(|times| met < u64::from(times))
            && self.probability.holds(self.seed, before)
    }
}

/// How likely something is, in millionths.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Probability(u32);

impl Probability {
    /// It always happens.
    pub const CERTAIN: Self = Self(1_000_000);

    /// So many millionths, if that is more than none and no more than all.
    pub fn of_millionths(millionths: i64) -> Option<Self> {
        let millionths = u32::try_from(millionths).ok()?;
        (1..=Self::CERTAIN.0).contains(&millionths).then_some(Self(millionths))
    }

    /// The same as a number above 0 and up to 1, of six decimals at most.
    pub fn of_fraction(fraction: f64) -> Option<Self> {
        // Through its digits: nobody wishes for what a fraction is rounded to.
        let text = format!("{fraction:.6}");
        let (whole, decimals) = text.split_once('.')?;
        let probability = Self::of_millionths(format!("{whole}{decimals}").parse().ok()?)?;
        ((probability.fraction() - fraction).abs() < 1e-9).then_some(probability)
    }

    /// In millionths.
    pub fn millionths(self) -> i64 {
        self.0.into()
    }

    /// As a number up to 1.
    pub fn fraction(self) -> f64 {
        f64::from(self.0) / f64::from(Self::CERTAIN.0)
    }

    /// Whether the dice that begin with `seed` fall so at throw `number`: always alike, so that what a
    /// test has met is met again.
    fn holds(self, seed: u32, number: u64) -> bool {
        self == Self::CERTAIN || thrown(seed, number) % u64::from(Self::CERTAIN.0) < self.0.into()
    }
}

/// `SplitMix64` (Steele, Lea, Flood: "Fast splittable pseudorandom number generators"), at any of its
/// steps.
fn thrown(seed: u32, number: u64) -> u64 {
    let step = 0x9e37_79b9_7f4a_7c15_u64;
    let z = u64::from(seed).wrapping_add(number.wrapping_add(1).wrapping_mul(step));
    let z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// What becomes of a call that a rule meets, or of a step.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Effect {
    /// Nothing is done, and the answer is an error.
    Error(Operations, ErrorKind),
    /// What changes something begins later, and the answer comes so many milliseconds later.
    Delay(Operations, u32),
    /// There is no answer: the connection is closed without a byte.
    Drop(Operations, Moment),
    /// What takes time fails; none: whatever it is.
    FailStep(Option<Operation>),
    /// A call's work goes wrong at a point of it.
    At(Operations, Way, CrashPoint),
    /// Work that is due goes wrong at a point of it.
    AtWork(Way, WorkPoint),
}

impl Effect {
    /// The word for it in requests and tables.
    pub fn word(&self) -> EffectWord {
        match self {
            Self::Error(..) => EffectWord::Error,
            Self::Delay(..) => EffectWord::Delay,
            Self::Drop(..) => EffectWord::Drop,
            Self::FailStep(_) => EffectWord::FailStep,
            Self::At(_, way, _) | Self::AtWork(way, _) => way.word(),
        }
    }

    /// Which one of its kind, as requests and tables spell it.
    pub fn detail(&self) -> String {
        match self {
            Self::Error(_, kind) => kind.to_string(),
            Self::Delay(_, ms) => ms.to_string(),
            Self::Drop(_, moment) => moment.to_string(),
            Self::FailStep(Some(operation)) => operation.to_string(),
            Self::FailStep(None) => operations::EVERYTHING.to_owned(),
            Self::At(_, _, point) => point.to_string(),
            Self::AtWork(_, point) => point.to_string(),
        }
    }

    /// The calls that it is about; none: it is about no calls.
    pub fn operations(&self) -> Option<&Operations> {
        match self {
            Self::Error(operations, _)
            | Self::Delay(operations, _)
            | Self::Drop(operations, _)
            | Self::At(operations, ..) => Some(operations),
            Self::FailStep(_) | Self::AtWork(..) => None,
        }
    }

    /// The effect that a word and a detail stand for; whatever fits together badly is none.
    pub fn parse(word: EffectWord, detail: &str, operations: Option<Operations>) -> Option<Self> {
        match (word, operations) {
            (EffectWord::Error, Some(of)) => Some(Self::Error(of, ErrorKind::parse(detail)?)),
            (EffectWord::Delay, Some(of)) => {
                let ms = detail.parse().ok()?;
                (ms <= LONGEST_DELAY_MS).then_some(Self::Delay(of, ms))
            }
            (EffectWord::Drop, Some(of)) => Some(match Moment::parse(detail) {
                Some(moment) => Self::Drop(of, moment),
                None => Self::At(of, Way::Drop, CrashPoint::parse(detail)?),
            }),
            (EffectWord::Crash | EffectWord::Panic | EffectWord::Fail, Some(of)) => {
                Some(Self::At(of, Way::of(word)?, CrashPoint::parse(detail)?))
            }
            (EffectWord::Crash | EffectWord::Panic | EffectWord::Fail, None) => {
                Some(Self::AtWork(Way::of(word)?, WorkPoint::parse(detail)?))
            }
            (EffectWord::FailStep, None) if detail == operations::EVERYTHING => {
                Some(Self::FailStep(None))
            }
            (EffectWord::FailStep, None) => Some(Self::FailStep(Some(Operation::parse(detail)?))),
            (EffectWord::Error | EffectWord::Delay | EffectWord::Drop, None)
            | (EffectWord::FailStep, Some(_)) => None,
        }
    }
}

impl fmt::Display for Effect {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.word(), self.detail())
    }
}

/// The calls that a rule is about, as it was written and as it is understood.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Operations {
    written: String,
    actions: BTreeSet<Action>,
}

impl Operations {
    /// `transfer.accept`, `transfer.*` or `*`, if there are such.
    pub fn parse(written: &str) -> Option<Self> {
        let actions = fitting(written);
        (!actions.is_empty()).then(|| Self { written: written.to_owned(), actions })
    }

    /// As they were written.
    pub fn as_str(&self) -> &str {
        &self.written
    }

    /// Whether a call for `action` is one of them.
    pub fn contains(&self, action: Action) -> bool {
        self.actions.contains(&action)
    }
}

/// Whether a rule outlives a restart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Keeping {
    /// It stands in the data file.
    Persisted,
    /// It ends with the process.
    Session,
}

statuses! {
    /// The kinds of effects.
    EffectWord {
        /// An answer that is an error.
        Error = "error",
        /// A later answer.
        Delay = "delay",
        /// No answer.
        Drop = "drop",
        /// A step that fails.
        FailStep = "fail_step",
        /// The end of the process.
        Crash = "crash",
        /// A bug in the middle of the work.
        Panic = "panic",
        /// A failure in the middle of the work.
        Fail = "fail",
    }
}

statuses! {
    /// What an answer that is an error says: each is one that the product gives by itself as well.
    ErrorKind {
        /// 400: the request is malformed.
        BadRequest = "bad_request",
        /// 401: the token is none.
        Unauthorized = "unauthorized",
        /// 403: the role does not suffice.
        Forbidden = "forbidden",
        /// 404: there is no such thing.
        NotFound = "not_found",
        /// 409: something else changed it at the same time.
        Conflict = "conflict",
        /// 413: a quota is used up.
        Quota = "quota",
        /// 429: too many requests.
        TooManyRequests = "too_many_requests",
        /// 500: the server has erred.
        Internal = "internal",
        /// 503: busy, to be tried again.
        Busy = "busy",
        /// 507: no space is left.
        Full = "full",
    }
}

statuses! {
    /// When a connection is dropped.
    Moment {
        /// Before anything is done.
        Before = "before",
        /// When everything is done: the answer is lost.
        After = "after",
    }
}

/// How work goes wrong at a point of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Way {
    /// The process is killed.
    Kill,
    /// The work panics, as a bug would let it.
    Panic,
    /// The work fails, as it does where the database fails.
    Fail,
    /// The connection of who asked is closed, and the work goes on.
    Drop,
}

impl Way {
    /// Every way there is.
    pub const ALL: &[Self] = &[Self::Kill, Self::Panic, Self::Fail, Self::Drop];

    /// The word for it in requests and tables.
    pub fn word(self) -> EffectWord {
        match self {
            Self::Kill => EffectWord::Crash,
            Self::Panic => EffectWord::Panic,
            Self::Fail => EffectWord::Fail,
            Self::Drop => EffectWord::Drop,
        }
    }

    /// The one that a word stands for.
    fn of(word: EffectWord) -> Option<Self> {
        Self::ALL.iter().copied().find(|way| way.word() == word)
    }
}

statuses! {
    /// The places of a call's way at which it can go wrong, in their order.
    CrashPoint {
        /// Before its unit of work begins.
        BeforeUnit = "before_unit",
        /// The unit is open and has read; its writes are not handed over.
        BeforeWrites = "before_writes",
        /// Its writes are sent and not committed.
        BeforeCommit = "before_commit",
        /// They are committed, and nobody was told.
        AfterCommit = "after_commit",
        /// All is done, and the answer is not sent.
        BeforeAnswer = "before_answer",
    }
}

impl CrashPoint {
    /// Whether what the call writes stays, however it goes wrong there.
    pub fn keeps_the_work(self) -> bool {
        self >= Self::AfterCommit
    }
}

statuses! {
    /// The places of work that is due at which it can go wrong, in their order.
    WorkPoint {
        /// Before something that is due is ended.
        BeforeStep = "before_step",
        /// When it is ended and committed.
        AfterStep = "after_step",
    }
}

/// Why there is no such rule.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum FaultRefused {
    /// A member of it breaks a rule.
    #[error("{0}")]
    Wrong(String),
    /// It would kill the process, and that was not allowed at the start.
    #[error(
        "A crash point really kills the process: start evs with --allow-crash to use one, or set \
         server.allow_crash."
    )]
    CrashNotAllowed,
    /// There are as many as there may be.
    #[error("There are {0} faults already; remove some.")]
    TooMany(usize),
}

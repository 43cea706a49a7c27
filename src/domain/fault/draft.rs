//! A rule as people write it, in JSON and in TOML, and what is wrong with it, in a sentence.

use std::fmt::Display;

use serde::{Deserialize, Serialize};

use super::operations::{EVERYTHING, words};
use super::{
    Chance, CrashPoint, Effect, EffectWord, ErrorKind, Fault, FaultRefused, Keeping,
    LONGEST_DELAY_MS, Moment, Operations, Probability, Way, WorkPoint,
};
use crate::domain::clock::Time;
use crate::domain::ids::{DiskId, FaultId, ProjectId};
use crate::domain::progress::Operation;

/// The longest note.
const LONGEST_NOTE: usize = 255;

/// A rule as it is written: every member is left out or given, and exactly one names the effect.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct FaultDraft {
    /// What people say about it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The calls: `transfer.accept`, `transfer.*`, or `*`, which they are when left out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub operation: Option<String>,
    /// A project's id or name.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project: Option<String>,
    /// A disk's id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub disk: Option<String>,
    /// Only this call, counted from 1: the same as `skip` one less and `times` 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nth: Option<u32>,
    /// So many calls are let through first.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub skip: Option<u32>,
    /// At most so many calls are met.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub times: Option<u32>,
    /// How likely each of them is met, above 0 and up to 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub probability: Option<f64>,
    /// What the dice begin with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub seed: Option<u32>,
    /// Whether it outlives a restart.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub persist: Option<bool>,
    /// The answer is this error.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub error: Option<String>,
    /// The answer comes so much later.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub delay_ms: Option<u32>,
    /// The connection is dropped: before the work, after it, or at a point of it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub drop: Option<String>,
    /// What takes time fails.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail_step: Option<String>,
    /// The process is killed at a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub crash: Option<String>,
    /// The work panics at a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub panic: Option<String>,
    /// The work fails at a point.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub fail: Option<String>,
}

fn wrong<T>(sentence: String) -> Result<T, FaultRefused> {
    Err(FaultRefused::Wrong(sentence))
}

/// The words of a list, one after the other.
fn listed(words: impl IntoIterator<Item = impl Display>) -> String {
    words.into_iter().map(|word| word.to_string()).collect::<Vec<_>>().join(", ")
}

fn needed<T>(
    name: &str,
    found: &str,
    parsed: Option<T>,
    words: impl IntoIterator<Item = impl Display>,
) -> Result<T, FaultRefused> {
    let sentence =
        || FaultRefused::Wrong(format!("{name} is one of {}, not '{found}'.", listed(words)));
    parsed.ok_or_else(sentence)
}

impl FaultDraft {
    /// The rule that is meant, made at `now`; `seed` counts if none was given.
    pub fn check(&self, now: Time, seed: u32) -> Result<Fault, FaultRefused> {
        let effect = self.effect()?;
        if effect.operations().is_none() && self.operation.is_some() {
            return wrong(format!(
                "{} goes without operation: no call is what it is about.",
                effect.word()
            ));
        }
        let project = self.project.as_deref().map(project).transpose()?;
        if matches!(effect, Effect::AtWork(..)) && project.is_some() {
            return wrong("What is due has no project that a rule could name.".to_owned());
        }
        if self.note.as_ref().is_some_and(|note| note.chars().count() > LONGEST_NOTE) {
            return wrong(format!("note has at most {LONGEST_NOTE} characters."));
        }
        let persist = self.persist.unwrap_or_default();
        Ok(Fault {
            id: FaultId::random(),
            note: self.note.clone(),
            project,
            disk: self.disk.as_deref().map(disk).transpose()?,
            chance: self.chance(seed)?,
            effect,
            keeping: if persist { Keeping::Persisted } else { Keeping::Session },
            created_at: now,
        })
    }

    fn effect(&self) -> Result<Effect, FaultRefused> {
        let given = [
            ("error", self.error.is_some()),
            ("delay_ms", self.delay_ms.is_some()),
            ("drop", self.drop.is_some()),
            ("fail_step", self.fail_step.is_some()),
            ("crash", self.crash.is_some()),
            ("panic", self.panic.is_some()),
            ("fail", self.fail.is_some()),
        ];
        if given.iter().filter(|(_, given)| *given).count() != 1 {
            let names = listed(given.iter().map(|(name, _)| name));
            return wrong(format!("A fault has exactly one effect: one of {names}."));
        }
        let of = || self.operations();
        if let Some(kind) = &self.error {
            let parsed = needed("error", kind, ErrorKind::parse(kind), ErrorKind::ALL)?;
            return Ok(Effect::Error(of()?, parsed));
        }
        if let Some(moment) = &self.drop {
            if let Some(moment) = Moment::parse(moment) {
                return Ok(Effect::Drop(of()?, moment));
            }
            let words = Moment::ALL.iter().map(|moment| moment.as_str());
            let words = words.chain(CrashPoint::ALL.iter().map(|point| point.as_str()));
            let point = needed("drop", moment, CrashPoint::parse(moment), words)?;
            return Ok(Effect::At(of()?, Way::Drop, point));
        }
        if let Some(step) = &self.fail_step {
            let words = Operation::ALL.iter().map(|step| step.as_str()).chain([EVERYTHING]);
            let parsed = Effect::parse(EffectWord::FailStep, step, None);
            return needed("fail_step", step, parsed, words);
        }
        for (way, point) in
            [(Way::Kill, &self.crash), (Way::Panic, &self.panic), (Way::Fail, &self.fail)]
        {
            let Some(point) = point else { continue };
            if let Some(work) = WorkPoint::parse(point) {
                return Ok(Effect::AtWork(way, work));
            }
            let words = CrashPoint::ALL.iter().map(|point| point.as_str());
            let words = words.chain(WorkPoint::ALL.iter().map(|point| point.as_str()));
            let parsed = needed(way.word().as_str(), point, CrashPoint::parse(point), words)?;
            return Ok(Effect::At(of()?, way, parsed));
        }
        let ms = self.delay_ms.unwrap_or_default();
        if !(1..=LONGEST_DELAY_MS).contains(&ms) {
            return wrong(format!("delay_ms is from 1 to {LONGEST_DELAY_MS}, not {ms}."));
        }
        Ok(Effect::Delay(of()?, ms))
    }

    fn operations(&self) -> Result<Operations, FaultRefused> {
        let written = self.operation.as_deref().unwrap_or(EVERYTHING);
        Operations::parse(written).ok_or_else(|| {
            FaultRefused::Wrong(format!(
                "There is no operation '{written}'; there are {}, all of a thing such as \
                 transfer.*, and *.",
                listed(words())
            ))
        })
    }

    fn chance(&self, seed: u32) -> Result<Chance, FaultRefused> {
        let (skip, times) = match (self.nth, self.skip, self.times) {
            (None, skip, times) => (skip.unwrap_or_default(), times),
            (Some(0), None, None) => return wrong("nth counts from 1.".to_owned()),
            (Some(nth), None, None) => (nth - 1, Some(1)),
            (Some(_), ..) => {
                return wrong("nth stands alone, without skip and times.".to_owned());
            }
        };
        if times == Some(0) {
            return wrong("times is at least 1.".to_owned());
        }
        let probability = match self.probability {
            None => Probability::CERTAIN,
            Some(fraction) => match Probability::of_fraction(fraction) {
                Some(probability) => probability,
                None => {
                    return wrong(format!(
                        "probability is above 0 and up to 1, with six decimals at most, not \
                         {fraction}."
                    ));
                }
            },
        };
        Ok(Chance { skip, times, probability, seed: self.seed.unwrap_or(seed) })
    }
}

fn project(text: &str) -> Result<ProjectId, FaultRefused> {
    if text.is_empty() {
        return wrong("project is the id or the name of one.".to_owned());
    }
    Ok(ProjectId::new(text))
}

fn disk(text: &str) -> Result<DiskId, FaultRefused> {
    DiskId::parse(text)
        .ok_or_else(|| FaultRefused::Wrong(format!("disk is the id of one, not '{text}'.")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(json: &str) -> Result<Fault, String> {
        let draft: FaultDraft = serde_json::from_str(json).map_err(|why| why.to_string())?;
        draft.check(Time::UNIX_EPOCH, 5).map_err(|why| why.to_string())
    }

    #[test]
    fn what_is_left_out_is_every_call_always_and_for_the_session() {
        let fault = checked(r#"{"error": "busy"}"#).unwrap();
        let every = Operations::parse("*").unwrap();
        assert_eq!(fault.effect, Effect::Error(every, ErrorKind::Busy));
        let certain = Probability::CERTAIN;
        let always = Chance { skip: 0, times: None, probability: certain, seed: 5 };
        assert_eq!(fault.chance, always);
        assert_eq!(fault.keeping, Keeping::Session);
        assert_eq!((fault.project, fault.disk, fault.note), (None, None, None));
    }

    #[test]
    fn the_nth_call_and_a_chance_are_understood() {
        let chance = |json: &str| checked(json).unwrap().chance;
        let certain = Probability::CERTAIN;
        assert_eq!(
            chance(r#"{"drop": "after", "nth": 3}"#),
            Chance { skip: 2, times: Some(1), probability: certain, seed: 5 }
        );
        let half = Probability::of_millionths(500_000).unwrap();
        assert_eq!(
            chance(r#"{"delay_ms": 5, "skip": 1, "times": 9, "probability": 0.5, "seed": 7}"#),
            Chance { skip: 1, times: Some(9), probability: half, seed: 7 }
        );
        let work = checked(r#"{"crash": "before_step"}"#).unwrap().effect;
        assert_eq!(work, Effect::AtWork(Way::Kill, WorkPoint::BeforeStep));
        let every = || Operations::parse("*").unwrap();
        for (json, expected) in [
            (r#"{"panic": "after_step"}"#, Effect::AtWork(Way::Panic, WorkPoint::AfterStep)),
            (
                r#"{"fail": "before_commit"}"#,
                Effect::At(every(), Way::Fail, CrashPoint::BeforeCommit),
            ),
            (
                r#"{"drop": "after_commit"}"#,
                Effect::At(every(), Way::Drop, CrashPoint::AfterCommit),
            ),
        ] {
            assert_eq!(checked(json).unwrap().effect, expected);
        }
        let step = checked(r#"{"fail_step": "*"}"#).unwrap().effect;
        assert_eq!(step, Effect::FailStep(None));
    }

    #[test]
    fn what_is_wrong_is_said_in_a_sentence() {
        for (json, sentence) in [
            (
                "{}",
                "A fault has exactly one effect: one of error, delay_ms, drop, fail_step, crash, \
                 panic, fail.",
            ),
            (
                r#"{"error": "busy", "delay_ms": 1}"#,
                "A fault has exactly one effect: one of error, delay_ms, drop, fail_step, crash, \
                 panic, fail.",
            ),
            (
                r#"{"drop": "now"}"#,
                "drop is one of before, after, before_unit, before_writes, before_commit, \
                 after_commit, before_answer, not 'now'.",
            ),
            (r#"{"delay_ms": 0}"#, "delay_ms is from 1 to 3600000, not 0."),
            (r#"{"error": "busy", "times": 0}"#, "times is at least 1."),
            (r#"{"error": "busy", "nth": 0}"#, "nth counts from 1."),
            (
                r#"{"error": "busy", "nth": 2, "skip": 1}"#,
                "nth stands alone, without skip and times.",
            ),
            (
                r#"{"error": "busy", "probability": 1.5}"#,
                "probability is above 0 and up to 1, with six decimals at most, not 1.5.",
            ),
            (
                r#"{"error": "busy", "probability": 0.0000001}"#,
                "probability is above 0 and up to 1, with six decimals at most, not 0.0000001.",
            ),
            (r#"{"error": "busy", "disk": "d"}"#, "disk is the id of one, not 'd'."),
            (
                r#"{"fail_step": "create", "operation": "disk.create"}"#,
                "fail_step goes without operation: no call is what it is about.",
            ),
            (
                r#"{"crash": "after_step", "project": "demo"}"#,
                "What is due has no project that a rule could name.",
            ),
        ] {
            assert_eq!(checked(json).unwrap_err(), sentence, "{json}");
        }
        let unknown = checked(r#"{"error": "busy", "operation": "disk.fly"}"#).unwrap_err();
        assert!(unknown.starts_with("There is no operation 'disk.fly'; there are "), "{unknown}");
        assert!(unknown.contains(" transfer.accept, "), "{unknown}");
        let unknown = checked(r#"{"errors": "busy"}"#).unwrap_err();
        assert!(unknown.starts_with("unknown field `errors`, expected one of"), "{unknown}");
    }
}

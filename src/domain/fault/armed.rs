//! Rules at work: which calls they are about, which of those they meet, and how often either was so.

use super::{Chance, CrashPoint, Effect, ErrorKind, Fault, Moment, Way, WorkPoint};
use crate::domain::access::Action;
use crate::domain::ids::{DiskId, FaultId, ProjectId};
use crate::domain::progress::Operation;

/// A rule and what it has done since the process started.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Armed {
    /// The rule.
    pub fault: Fault,
    /// Whether it may do anything: crash points must be allowed at the start.
    pub allowed: bool,
    /// How many calls or steps it was about.
    pub matched: u64,
    /// How many of them it met.
    pub fired: u64,
}

/// A call that begins.
#[derive(Debug, Clone, Copy)]
pub struct Called<'a> {
    /// What is asked for.
    pub action: Action,
    /// On behalf of which project.
    pub project: &'a ProjectId,
    /// The disks that it is about.
    pub disks: &'a [DiskId],
}

/// What becomes of a call.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CallFaults {
    /// It takes so many milliseconds longer.
    pub delay_ms: u64,
    /// What else becomes of it.
    pub then: Option<Then>,
    /// The rules that met it.
    pub by: Vec<FaultId>,
}

/// What becomes of a call that is met, besides a delay.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Then {
    /// This is answered, and nothing is done.
    Error(ErrorKind),
    /// The connection is closed.
    Drop(Moment),
    /// It goes wrong on the way.
    At(Way, CrashPoint),
}

impl Armed {
    /// A rule that has not done anything.
    pub fn new(fault: Fault, crash_allowed: bool) -> Self {
        let allowed = match fault.effect {
            Effect::At(_, Way::Kill, _) | Effect::AtWork(Way::Kill, _) => crash_allowed,
            Effect::Error(..)
            | Effect::Delay(..)
            | Effect::Drop(..)
            | Effect::FailStep(_)
            | Effect::At(_, Way::Panic | Way::Fail | Way::Drop, _)
            | Effect::AtWork(Way::Panic | Way::Fail | Way::Drop, _) => true,
        };
        Self { fault, allowed, matched: 0, fired: 0 }
    }

    /// Whether it is about something of `project` on these disks at all.
    fn is_about(&self, project: Option<&ProjectId>, disks: &[DiskId]) -> bool {
        self.allowed
            && self.fault.project.as_ref().is_none_or(|only| project == Some(only))
            && self.fault.disk.is_none_or(|only| disks.contains(&only))
    }

    /// Counts something that it is about, and says whether it meets that.
    fn meets(&mut self) -> bool {
        let met = Chance::meets(&self.fault.chance, self.matched, self.fired);
        self.matched += 1;
        self.fired += u64::from(met);
        met
    }
}

/// What becomes of a call; none: no rule meets it. Rules are asked in their order: delays add up, and
/// what follows the first other effect is not asked.
pub fn call(rules: &mut [Armed], called: Called<'_>) -> Option<CallFaults> {
    let mut faults = CallFaults { delay_ms: 0, then: None, by: Vec::new() };
    for rule in rules {
        let about = rule.is_about(Some(called.project), called.disks)
            && rule.fault.effect.operations().is_some_and(|of| of.contains(called.action));
        if !about || !rule.meets() {
            continue;
        }
        faults.by.push(rule.fault.id);
        match rule.fault.effect {
            Effect::Delay(_, ms) => faults.delay_ms += u64::from(ms),
            Effect::Error(_, kind) => faults.then = Some(Then::Error(kind)),
            Effect::Drop(_, moment) => faults.then = Some(Then::Drop(moment)),
            Effect::At(_, way, point) => faults.then = Some(Then::At(way, point)),
            // They are about no calls.
            Effect::FailStep(_) | Effect::AtWork(..) => {}
        }
        if faults.then.is_some() {
            break;
        }
    }
    (!faults.by.is_empty()).then_some(faults)
}

/// The rule by which what begins on a disk fails, if one meets it.
pub fn fail_step(
    rules: &mut [Armed],
    operation: Operation,
    project: &ProjectId,
    disk: DiskId,
) -> Option<FaultId> {
    rules.iter_mut().find_map(|rule| {
        let about = match rule.fault.effect {
            Effect::FailStep(only) => only.is_none_or(|only| only == operation),
            Effect::Error(..)
            | Effect::Delay(..)
            | Effect::Drop(..)
            | Effect::At(..)
            | Effect::AtWork(..) => false,
        };
        (about && rule.is_about(Some(project), &[disk]) && rule.meets()).then_some(rule.fault.id)
    })
}

/// What goes wrong, and where, when something that is due is ended, on a disk if it is on one.
pub fn due_work(rules: &mut [Armed], disk: Option<DiskId>) -> Option<(FaultId, Way, WorkPoint)> {
    rules.iter_mut().find_map(|rule| {
        let Effect::AtWork(way, point) = rule.fault.effect else { return None };
        let met = rule.is_about(None, disk.as_slice()) && rule.meets();
        met.then_some((rule.fault.id, way, point))
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::clock::Time;
    use crate::domain::fault::{Keeping, Operations, Probability};

    fn rule(effect: Effect) -> Armed {
        let fault = Fault {
            id: FaultId::random(),
            note: None,
            project: None,
            disk: None,
            chance: Chance { skip: 0, times: None, probability: Probability::CERTAIN, seed: 0 },
            effect,
            keeping: Keeping::Session,
            created_at: Time::UNIX_EPOCH,
        };
        Armed::new(fault, false)
    }

    fn on(operations: &str) -> Operations {
        Operations::parse(operations).unwrap()
    }

    fn ask(rules: &mut [Armed], action: Action) -> Option<(u64, Option<Then>)> {
        let called = Called { action, project: &ProjectId::new("demo"), disks: &[] };
        call(rules, called).map(|faults| (faults.delay_ms, faults.then))
    }

    #[test]
    fn delays_add_up_and_the_first_other_effect_ends_it() {
        let error = Then::Error(ErrorKind::Busy);
        let mut rules = [
            rule(Effect::Delay(on("*"), 20)),
            rule(Effect::Delay(on("transfer.*"), 3)),
            rule(Effect::Error(on("transfer.accept"), ErrorKind::Busy)),
            rule(Effect::Drop(on("*"), Moment::After)),
        ];
        let accepted = ask(&mut rules, Action::AcceptTransfer);
        assert_eq!(accepted, Some((23, Some(error))));
        let created = ask(&mut rules, Action::CreateDisk);
        assert_eq!(created, Some((20, Some(Then::Drop(Moment::After)))));
        let counts: Vec<_> = rules.iter().map(|rule| (rule.matched, rule.fired)).collect();
        assert_eq!(counts, [(2, 2), (1, 1), (1, 1), (1, 1)], "the last was not asked at first");
        assert_eq!(ask(&mut [], Action::CreateDisk), None);
    }

    #[test]
    fn so_many_calls_are_let_through_and_so_many_are_met() {
        let mut rules = [rule(Effect::Error(on("disk.create"), ErrorKind::Full))];
        rules[0].fault.chance = Chance { skip: 2, times: Some(2), ..rules[0].fault.chance };
        let met: Vec<bool> =
            (0..6).map(|_| ask(&mut rules, Action::CreateDisk).is_some()).collect();
        assert_eq!(met, [false, false, true, true, false, false]);
        assert_eq!((rules[0].matched, rules[0].fired), (6, 2));
        assert_eq!(ask(&mut rules, Action::DeleteDisk), None);
        assert_eq!(rules[0].matched, 6, "it is not about that");
    }

    #[test]
    fn the_same_seed_meets_the_same_calls_and_about_as_many_as_is_likely() {
        let met = |seed, millionths| {
            let probability = Probability::of_millionths(millionths).unwrap();
            let mut rules = [rule(Effect::Error(on("*"), ErrorKind::Busy))];
            rules[0].fault.chance = Chance { skip: 0, times: None, probability, seed };
            (0..1000).map(|_| ask(&mut rules, Action::ShowDisk).is_some()).collect::<Vec<_>>()
        };
        assert_eq!(met(7, 250_000), met(7, 250_000));
        assert_ne!(met(7, 250_000), met(8, 250_000));
        let of = |seed, millionths| met(seed, millionths).iter().filter(|met| **met).count();
        assert_eq!(of(1, 1_000_000), 1000);
        for seed in 0..20 {
            assert!((190..=310).contains(&of(seed, 250_000)), "seed {seed}");
        }
    }

    #[test]
    fn a_rule_of_a_project_or_a_disk_is_about_nothing_else() {
        let (disk, other) = (DiskId::random(), DiskId::random());
        let (demo, partner) = (ProjectId::new("demo"), ProjectId::new("partner"));
        let mut rules = [rule(Effect::Error(on("*"), ErrorKind::Busy))];
        rules[0].fault.disk = Some(disk);
        rules[0].fault.project = Some(demo.clone());
        let mut meets = |project, disks: &[DiskId]| {
            call(&mut rules, Called { action: Action::ShowDisk, project, disks }).is_some()
        };
        assert!(meets(&demo, &[other, disk]));
        assert!(!meets(&partner, &[disk]));
        assert!(!meets(&demo, &[other]));
        assert!(!meets(&demo, &[]));

        let mut rules = [rule(Effect::FailStep(Some(Operation::Extend)))];
        let id = rules[0].fault.id;
        rules[0].fault.disk = Some(disk);
        assert_eq!(fail_step(&mut rules, Operation::Create, &demo, disk), None);
        assert_eq!(fail_step(&mut rules, Operation::Extend, &demo, other), None);
        assert_eq!(fail_step(&mut rules, Operation::Extend, &demo, disk), Some(id));
        assert_eq!(ask(&mut rules, Action::ExtendDisk), None, "a step is no call");
    }

    #[test]
    fn crash_points_do_nothing_where_they_were_not_allowed() {
        let effect = Effect::AtWork(Way::Kill, WorkPoint::AfterStep);
        let at = |way| Effect::At(on("*"), way, CrashPoint::BeforeCommit);
        let mut rules = [rule(effect), rule(at(Way::Kill))];
        assert_eq!(due_work(&mut rules, None), None);
        assert_eq!(ask(&mut rules, Action::CreateDisk), None);
        for rule in &mut rules {
            *rule = Armed::new(rule.fault.clone(), true);
        }
        let id = rules[0].fault.id;
        assert_eq!(due_work(&mut rules, None), Some((id, Way::Kill, WorkPoint::AfterStep)));
        let crash = Then::At(Way::Kill, CrashPoint::BeforeCommit);
        assert_eq!(ask(&mut rules, Action::CreateDisk), Some((0, Some(crash))));
        for way in [Way::Panic, Way::Fail, Way::Drop] {
            let then = Then::At(way, CrashPoint::BeforeCommit);
            assert_eq!(ask(&mut [rule(at(way))], Action::CreateDisk), Some((0, Some(then))));
        }
    }
}

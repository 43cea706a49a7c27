//! Random sequences of commands against a naive model of what the reference says. After each command
//! the answer and everything that the two projects see is compared with the model. A sequence that
//! fails is shrunk and printed in the form of a test for `regressions.rs`.

mod children;
mod command;
mod coverage;
mod drive;
mod handover;
mod regressions;
mod rules;
mod seen;
mod world;

use std::cell::RefCell;
use std::fmt::Write as _;
use std::panic::AssertUnwindSafe;

use chrono::TimeDelta;
use evs_local::store::sqlite::doctor;
use proptest::strategy::{Strategy as _, ValueTree};
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use tokio::runtime::Runtime;

use self::command::{Command, Time, case};
use self::coverage::Coverage;
use self::drive::Service;
use self::rules::{Expected, Says};
use self::seen::Sight;
use self::world::World;
use crate::chance::Chance;
use crate::support::Answer;
use crate::survived::{Run, say};

/// The most commands of a sequence.
const LONGEST: usize = 40;
/// So many cases share a service.
const SHARED: usize = 25;
/// A run of so many cases reaches every cell of the matrix that can be reached.
const REACHES_ALL: usize = 5000;

/// Every sequence so far.
#[derive(Default)]
struct Runs {
    services: [Option<Service>; 2],
    coverage: Coverage,
    commands: usize,
}

impl Runs {
    /// Runs a sequence on a service of its kind; why it fails.
    async fn case(&mut self, time: Time, commands: &[Command]) -> Result<(), String> {
        let place = &mut self.services[time as usize];
        if place.as_ref().is_some_and(|service| service.cases >= SHARED) {
            place.take().unwrap().finish().await;
        }
        // A case that panics takes its service along.
        let mut service = match place.take() {
            Some(service) => service,
            None => Service::start(time).await,
        };
        service.begin_case().await;
        let mut case = Case {
            world: World::new(time),
            saved: [None, None],
            service: &mut service,
            coverage: &mut self.coverage,
        };
        for (number, command) in commands.iter().enumerate() {
            case.run(*command).await.map_err(|why| format!("{number}: {command:?}: {why}"))?;
            self.commands += 1;
        }
        case.look(&Sight::of_all()).await.map_err(|why| format!("at the end: {why}"))?;
        let report = doctor::examine(&service.server().database()).await.unwrap();
        if let Some(violation) = report.violations.first() {
            return Err(format!("the doctor: {}", violation.sentence));
        }
        self.services[time as usize] = Some(service);
        Ok(())
    }

    async fn finish(self) -> (Coverage, usize) {
        for service in self.services.into_iter().flatten() {
            service.finish().await;
        }
        (self.coverage, self.commands)
    }
}

/// One sequence under way.
struct Case<'a> {
    world: World,
    saved: [Option<World>; 2],
    service: &'a mut Service,
    coverage: &'a mut Coverage,
}

impl Case<'_> {
    async fn run(&mut self, command: Command) -> Result<(), String> {
        let Some(command) = self.named(command) else { return Ok(()) };
        match command {
            Command::Advance { seconds } => self.pass(seconds * 1000),
            Command::AdvanceToNext { short } => {
                if let Some(next) = self.world.next_due() {
                    self.pass(next - self.world.now - i64::from(short));
                }
            }
            Command::Restart => self.service.restart().await,
            Command::Create { .. }
            | Command::Disk { .. }
            | Command::ForceDelete { .. }
            | Command::ResetDisk { .. }
            | Command::Accept { .. }
            | Command::Withdraw { .. }
            | Command::DeleteSnapshot { .. }
            | Command::ResetSnapshot { .. }
            | Command::RollBack { .. }
            | Command::Revert { .. }
            | Command::DeleteBackup { .. }
            | Command::ResetBackup { .. }
            | Command::Restore { .. }
            | Command::Limit { .. }
            | Command::End { .. }
            | Command::Step
            | Command::Save { .. }
            | Command::Load { .. } => {}
        }
        // Where nothing ends by itself, time alone changes nothing.
        let waits = matches!(command, Command::Advance { .. } | Command::AdvanceToNext { .. })
            || command == Command::Restart;
        if !(waits && self.world.time == Time::Explicit) {
            let before = self.world.clone();
            let expected = self.world.take(command);
            let answer = self.service.send(&before, command).await;
            self.coverage.count(&before, command, answer.status < 300);
            is_expected(&answer, &expected)?;
            self.learn(command, &answer, &before).await;
        }
        self.look(&Sight::of(command, &self.world)).await
    }

    /// Compares what is seen there with what the model believes.
    async fn look(&self, sight: &Sight) -> Result<(), String> {
        let (seen, believed) = (self.service.seen(sight).await, self.world.seen());
        let mut told = String::new();
        for (who, parts) in seen.as_object().unwrap() {
            for (part, seen) in parts.as_object().unwrap() {
                let expected = &believed[who][part];
                if seen != expected {
                    write!(told, "{who} sees of {part} {seen}, but expected {expected}; ").unwrap();
                }
            }
        }
        if told.is_empty() { Ok(()) } else { Err(told) }
    }

    fn pass(&mut self, ms: i64) {
        self.world.now += ms;
        self.service.server().advance(TimeDelta::milliseconds(ms));
    }

    /// The command with the numbers of things that there are; none: there are none of its kind.
    fn named(&self, command: Command) -> Option<Command> {
        let World { disks, snapshots, backups, transfers, .. } = &self.world;
        let among = |number: usize, of: usize| number.checked_rem(of);
        Some(match command {
            Command::Disk { disk, by, deed } => {
                Command::Disk { disk: among(disk, disks.len())?, by, deed }
            }
            Command::ForceDelete { disk } => {
                Command::ForceDelete { disk: among(disk, disks.len())? }
            }
            Command::ResetDisk { disk, status } => {
                Command::ResetDisk { disk: among(disk, disks.len())?, status }
            }
            Command::End { disk, ends } => Command::End { disk: among(disk, disks.len())?, ends },
            Command::Accept { transfer, by, key } => {
                Command::Accept { transfer: among(transfer, transfers.len())?, by, key }
            }
            Command::Withdraw { transfer, by } => {
                Command::Withdraw { transfer: among(transfer, transfers.len())?, by }
            }
            Command::DeleteSnapshot { snapshot, by } => {
                Command::DeleteSnapshot { snapshot: among(snapshot, snapshots.len())?, by }
            }
            Command::ResetSnapshot { snapshot, status } => {
                Command::ResetSnapshot { snapshot: among(snapshot, snapshots.len())?, status }
            }
            Command::RollBack { snapshot, by } => {
                Command::RollBack { snapshot: among(snapshot, snapshots.len())?, by }
            }
            Command::Revert { snapshot, by } => {
                Command::Revert { snapshot: among(snapshot, snapshots.len())?, by }
            }
            Command::DeleteBackup { backup, by } => {
                Command::DeleteBackup { backup: among(backup, backups.len())?, by }
            }
            Command::ResetBackup { backup, status } => {
                Command::ResetBackup { backup: among(backup, backups.len())?, status }
            }
            Command::Restore { backup, disk, by } => {
                let backup = among(backup, backups.len())?;
                Command::Restore { backup, disk: among(disk, disks.len())?, by }
            }
            Command::Load { slot } => {
                self.saved[slot].as_ref()?;
                command
            }
            Command::Create { .. }
            | Command::Limit { .. }
            | Command::Step
            | Command::Advance { .. }
            | Command::AdvanceToNext { .. }
            | Command::Restart
            | Command::Save { .. } => command,
        })
    }

    /// What the model cannot know by itself: ids and keys; and what it is told to remember.
    async fn learn(&mut self, command: Command, answer: &Answer, before: &World) {
        let text = |of: &str, member: &str| answer.body[of][member].as_str().unwrap().to_owned();
        let world = &mut self.world;
        if world.disks.len() > before.disks.len() {
            world.disks.last_mut().unwrap().id = text("volume", "id");
        } else if world.snapshots.len() > before.snapshots.len() {
            world.snapshots.last_mut().unwrap().id = text("snapshot", "id");
        } else if world.backups.len() > before.backups.len() {
            world.backups.last_mut().unwrap().id = text("backup", "id");
        } else if world.transfers.len() > before.transfers.len() {
            let transfer = world.transfers.last_mut().unwrap();
            transfer.id = text("transfer", "id");
            transfer.key = text("transfer", "auth_key");
        } else if let Command::Save { slot } = command {
            self.saved[slot] = Some(world.clone());
        } else if let Command::Load { slot } = command {
            // The clock is nobody's to take back.
            let now = world.now;
            *world = World { now, ..self.saved[slot].clone().unwrap() };
            self.settle().await;
            return;
        } else {
            return;
        }
        // So that no two things are made at the same moment, and each list has one order.
        self.pass(1);
        self.settle().await;
    }

    /// Where what is due ends by itself, it has.
    async fn settle(&mut self) {
        if self.world.time == Time::Instant {
            self.world.end_due();
            assert_eq!(self.service.step().await.status, 200);
        }
    }
}

fn is_expected(answer: &Answer, expected: &Expected) -> Result<(), String> {
    let message = answer.body.as_object().and_then(|body| body.values().next());
    let message = message.and_then(|fault| fault["message"].as_str()).unwrap_or_default();
    let says = match &expected.says {
        Says::Anything => true,
        Says::Exactly(text) => text == message,
        Says::Begins(text) => message.starts_with(text),
    };
    // What a save answers is its own business.
    let status = if answer.status == 201 { 200 } else { answer.status };
    if status == expected.status && says {
        return Ok(());
    }
    Err(format!("answered {} {}, but expected {expected:?}", answer.status, answer.text))
}

/// Runs a sequence on a service of its own, as a test of what it once found.
fn holds(time: Time, commands: &[Command]) {
    let runtime = Runtime::new().unwrap();
    runtime.block_on(async {
        let mut runs = Runs::default();
        runs.case(time, commands).await.unwrap();
        Box::pin(runs.finish()).await;
    });
}

/// What a sequence comes to, whether it is told or panics.
fn attempt(
    runtime: &Runtime,
    runs: &RefCell<Runs>,
    (time, commands): &(Time, Vec<Command>),
) -> Result<(), String> {
    let run = || runtime.block_on(runs.borrow_mut().case(*time, commands));
    std::panic::catch_unwind(AssertUnwindSafe(run)).unwrap_or_else(|panic| {
        let text = panic.downcast_ref::<String>().cloned();
        Err(text
            .or_else(|| panic.downcast_ref::<&str>().map(ToString::to_string))
            .unwrap_or_default())
    })
}

/// The smallest sequence found that fails too, and why it does.
fn shrunk(
    tree: &mut impl ValueTree<Value = (Time, Vec<Command>)>,
    first: String,
    attempt: impl Fn(&(Time, Vec<Command>)) -> Result<(), String>,
) -> ((Time, Vec<Command>), String) {
    let (mut least, mut why) = (tree.current(), first);
    let mut smaller = tree.simplify();
    while smaller {
        smaller = match attempt(&tree.current()) {
            Err(again) => {
                (least, why) = (tree.current(), again);
                tree.simplify()
            }
            Ok(()) => tree.complicate(),
        };
    }
    // What every sequence begins with may have nothing to do with it.
    for number in (0..least.1.len()).rev() {
        let mut without = least.clone();
        without.1.remove(number);
        if let Err(again) = attempt(&without) {
            (least, why) = (without, again);
        }
    }
    (least, why)
}

#[test]
fn sequences_of_commands_come_to_what_the_reference_says() {
    let run = Run::of("model", 40);
    let runtime = Runtime::new().unwrap();
    let runs = RefCell::new(Runs::default());
    for number in 0..run.count {
        let seed = run.seed.wrapping_add(u64::try_from(number).unwrap());
        let mut chance = Chance::of(seed);
        let bytes: Vec<u8> = (0..4).flat_map(|_| chance.next().to_le_bytes()).collect();
        let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let mut runner = TestRunner::new_with_rng(Config::default(), rng);
        let mut tree = case(LONGEST).new_tree(&mut runner).unwrap();
        if let Err(first) = attempt(&runtime, &runs, &tree.current()) {
            let (least, why) = shrunk(&mut tree, first, |case| attempt(&runtime, &runs, case));
            let (time, commands) = least;
            panic!(
                "{why}\nEVS_PROOF_SEED={seed} EVS_PROOF_COUNT=1\n\
                 holds({time:?}, &{commands:#?});"
            );
        }
    }
    let (coverage, commands) = runtime.block_on(runs.into_inner().finish());
    say(&coverage.told());
    let (reached, missed) = coverage.reached();
    if run.count >= REACHES_ALL {
        assert_eq!(missed, Vec::<String>::new(), "cells that can be reached");
    }
    run.survived(
        run.count,
        &format!("{commands} commands, {reached} cells of operation and status, no difference"),
    );
}

//! The kept inputs of the fuzz targets, and some made from them at random, through what the targets do with
//! them: no nightly compiler is needed to see that nothing of it came back.

use std::collections::BTreeMap;
use std::fs;
use std::panic::catch_unwind;
use std::path::Path;

use crate::chance::Chance;
use crate::survived::{Run, say};

/// The very functions that the targets call.
#[path = "../../fuzz/targets/tried.rs"]
mod tried;

/// What stands in inputs that means something somewhere.
const WORDS: &[&str] = &[
    "",
    "0",
    "-1",
    "1e400",
    "9223372036854775808",
    "null",
    "true",
    "[]",
    "{}",
    "\"\"",
    "'",
    "\"",
    "\\",
    "\\u0000",
    "\\ud800",
    "%",
    "%00",
    "%2F",
    "&",
    "=",
    ";",
    ",",
    ":",
    "/",
    "..",
    "\n",
    "\0",
    " ",
    "\u{85}",
    "ü",
    "\u{1F980}",
    "volume",
    "latest",
    "limit=",
    "marker=",
    "sort=",
    "x-sdk-date",
    "Signature=",
    "[[disk]]",
];

/// The longest input, in bytes.
const LONGEST: usize = 4096;

/// The kept inputs of each target.
fn corpus() -> BTreeMap<&'static str, Vec<Vec<u8>>> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
    let inputs = |target: &&'static str| {
        let files = fs::read_dir(root.join(target)).unwrap().map(|file| file.unwrap().path());
        let mut files: Vec<_> = files.collect();
        files.sort();
        files.iter().map(|file| fs::read(file).unwrap()).collect()
    };
    let targets = tried::TARGETS.iter().map(|(target, _)| *target);
    targets.map(|target| (target, inputs(&target))).collect()
}

/// Changes an input a little: bytes are turned, left out, doubled, or come from a word or another input.
fn changed(chance: &mut Chance, inputs: &[Vec<u8>]) -> Vec<u8> {
    let mut input = inputs[chance.below(inputs.len())].clone();
    for _ in 0..=chance.below(4) {
        let from = chance.below(input.len() + 1);
        let to = (from + chance.below(9)).min(input.len());
        match chance.below(5) {
            0 if from < input.len() => input[from] ^= 1 << chance.below(8),
            1 => drop(input.drain(from..to)),
            2 => {
                let piece = input[from..to].repeat(1 + chance.below(40));
                drop(input.splice(from..from, piece));
            }
            3 => {
                let other = &inputs[chance.below(inputs.len())];
                let (start, end) = (chance.below(other.len() + 1), other.len());
                drop(input.splice(from.., other[start..end].iter().copied()));
            }
            _ => {
                let word = WORDS[chance.below(WORDS.len())];
                drop(input.splice(from..to, word.bytes()));
            }
        }
    }
    input.truncate(LONGEST);
    input
}

/// Fails with the input that a target does not stand.
fn try_one(target: &str, input: &[u8], seed: Option<u64>) {
    let (_, run) = tried::TARGETS.iter().find(|(name, _)| *name == target).unwrap();
    if catch_unwind(|| run(input)).is_err() {
        let seed = seed.map_or_else(String::new, |seed| format!("EVS_PROOF_SEED={seed} "));
        say(&format!("{seed}{target}: {:?}", String::from_utf8_lossy(input)));
        panic!("{target} does not stand an input: {input:?}");
    }
}

#[test]
fn no_reader_stumbles_over_the_corpus_or_what_is_made_of_it() {
    let run = Run::of("fuzz", 10_000);
    let corpus = corpus();
    let mut tried = 0;
    for (target, inputs) in &corpus {
        for input in inputs {
            try_one(target, input, None);
            tried += 1;
        }
    }
    let kept = tried;
    for number in 0..run.count {
        let seed = run.seed.wrapping_add(u64::try_from(number).unwrap());
        let mut chance = Chance::of(seed);
        let (target, _) = tried::TARGETS[chance.below(tried::TARGETS.len())];
        let input = changed(&mut chance, &corpus[target]);
        try_one(target, &input, Some(seed));
        tried += 1;
    }
    run.survived(tried, &format!("{kept} kept inputs and {} made of them", run.count));
}

/// A reader that nobody tries would be forgotten.
#[test]
fn every_reader_of_a_body_has_an_input_in_the_corpus() {
    let corpus = corpus();
    let begins = |name: &str| format!("{name}\n").into_bytes();
    let forgotten: Vec<&str> = evs_local::http::readers::bodies()
        .filter(|name| !corpus["bodies"].iter().any(|input| input.starts_with(&begins(name))))
        .collect();
    assert_eq!(forgotten, Vec::<&str>::new());
}

/// Each good body of the corpus is taken: otherwise a reader's refusals alone would be tried.
#[test]
fn every_reader_of_a_body_takes_an_input_of_the_corpus() {
    let corpus = corpus();
    for name in evs_local::http::readers::bodies() {
        let taken = corpus["bodies"].iter().any(|input| {
            let body = input.strip_prefix(format!("{name}\n").as_bytes());
            body.is_some_and(|body| {
                evs_local::http::readers::body(name, body).is_some_and(|read| read.is_ok())
            })
        });
        assert!(taken, "{name}");
    }
}

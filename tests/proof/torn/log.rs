//! The write-ahead log as the file format describes it (<https://sqlite.org/fileformat2.html#walformat>),
//! read without SQLite: where its frames are, which of them count, and where transactions end.

use std::path::Path;

pub(crate) const HEADER: usize = 32;
pub(crate) const FRAME_HEADER: usize = 24;

/// The words of a header that tell one filling of a log from the next.
pub(crate) type Salt = [u8; 8];

/// A log and what SQLite makes of it.
#[derive(Debug, Clone)]
pub(crate) struct Log {
    pub(crate) bytes: Vec<u8>,
    pub(crate) page: usize,
    /// How many frames count: those of this filling whose checksums go on from the one before.
    pub(crate) frames: usize,
    /// How many frames the log has at the end of each transaction in it, ascending.
    pub(crate) commits: Vec<usize>,
}

impl Log {
    pub(crate) fn read(file: &Path) -> Self {
        let bytes = std::fs::read(file).unwrap_or_default();
        let mut log = Self { bytes, page: 4096, frames: 0, commits: vec![] };
        if log.bytes.len() < HEADER {
            return log;
        }
        log.page = usize::try_from(word(&log.bytes, 8, true)).unwrap();
        let big = log.bytes[3] & 1 == 1;
        let mut sum = checksum(&log.bytes[..24], [0, 0], big);
        assert_eq!(sum, [word(&log.bytes, 24, true), word(&log.bytes, 28, true)], "the header");
        while log.start_of(log.frames + 1) <= log.bytes.len() {
            let frame = &log.bytes[log.start_of(log.frames)..log.start_of(log.frames + 1)];
            sum = checksum(&frame[..8], sum, big);
            sum = checksum(&frame[FRAME_HEADER..], sum, big);
            let is_of_this_filling = frame[8..16] == log.bytes[16..24];
            if !is_of_this_filling || sum != [word(frame, 16, true), word(frame, 20, true)] {
                break;
            }
            log.frames += 1;
            if word(frame, 4, true) != 0 {
                log.commits.push(log.frames);
            }
        }
        log
    }

    /// Where a frame starts, the first one being 0.
    pub(crate) fn start_of(&self, frame: usize) -> usize {
        HEADER + frame * (FRAME_HEADER + self.page)
    }

    pub(crate) fn salt(&self) -> Salt {
        self.bytes[16..24].try_into().unwrap()
    }

    /// How many frames still count when the first byte that is not as it was is this one: those of the
    /// transactions that end before it.
    pub(crate) fn kept(&self, first_wrong: usize) -> usize {
        let whole = |frames: &&usize| self.start_of(**frames) <= first_wrong;
        self.commits.iter().rev().find(whole).copied().unwrap_or(0)
    }
}

/// Two sums over words, each weighing the other: a sum for what came before is gone on from.
fn checksum(bytes: &[u8], [mut a, mut b]: [u32; 2], big: bool) -> [u32; 2] {
    for at in (0..bytes.len()).step_by(8) {
        a = a.wrapping_add(word(bytes, at, big)).wrapping_add(b);
        b = b.wrapping_add(word(bytes, at + 4, big)).wrapping_add(a);
    }
    [a, b]
}

fn word(bytes: &[u8], at: usize, big: bool) -> u32 {
    let word = bytes[at..at + 4].try_into().unwrap();
    if big { u32::from_be_bytes(word) } else { u32::from_le_bytes(word) }
}

/// How far the log had come, as its index (`evs.db-shm`) tells: the filling, and how many frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Position {
    pub(crate) salt: Salt,
    pub(crate) frames: usize,
}

impl Position {
    /// What the index says at this moment; it stands there twice, and is written one after the other.
    pub(crate) fn of(index: &Path) -> Self {
        loop {
            let bytes = std::fs::read(index).unwrap_or_default();
            if bytes.len() >= 96 && bytes[..48] == bytes[48..96] {
                let frames = usize::try_from(word(&bytes, 16, NATIVE)).unwrap();
                return Self { salt: bytes[32..40].try_into().unwrap(), frames };
            }
            std::thread::yield_now();
        }
    }
}

/// How many frames a checkpoint may have moved into the main file, as the index tells.
pub(crate) fn moved(index: &Path) -> usize {
    const ATTEMPTED: usize = 128;
    let bytes = std::fs::read(index).unwrap();
    usize::try_from(word(&bytes, ATTEMPTED, NATIVE).max(word(&bytes, 96, NATIVE))).unwrap()
}

const NATIVE: bool = cfg!(target_endian = "big");

//! What happens to a log and to its index while the power goes.

use super::log::{FRAME_HEADER, HEADER, Log};
use crate::chance::Chance;

const SECTOR: usize = 512;

/// The log afterwards, and what was done to it, for whoever reads a failure.
#[derive(Debug)]
pub(crate) struct Damaged {
    pub(crate) bytes: Vec<u8>,
    pub(crate) what: String,
}

impl Damaged {
    /// Where the first byte is that is not as it was; the end of the log if all are.
    pub(crate) fn first_wrong(&self, log: &Log) -> usize {
        let both = self.bytes.iter().zip(&log.bytes);
        both.take_while(|(is, was)| is == was).count()
    }
}

/// Damages a log in a frame, or wherever else it may be from frame `floor` on.
pub(crate) fn damaged(log: &Log, floor: usize, frame: usize, chance: &mut Chance) -> Damaged {
    let end = log.bytes.len();
    // Where nothing is moved yet the header may go too.
    let first = if floor == 0 { 0 } else { log.start_of(floor) };
    let place = place(log, frame, chance);
    let mut bytes = log.bytes.clone();
    let mut what = match chance.below(9) {
        0 => {
            let at = [0, 1, HEADER - 1, HEADER][chance.below(4)].max(first);
            bytes.truncate(at);
            format!("cut at {at}")
        }
        1 | 2 => {
            bytes.truncate(place);
            format!("cut at {place}")
        }
        3 => {
            let at = (place / SECTOR * SECTOR).max(first);
            bytes[at..(at + SECTOR).min(end)].fill(0);
            format!("a sector of zeros at {at}")
        }
        4 => {
            let at = log.start_of(frame);
            let until = if chance.below(2) == 0 { log.start_of(frame + 1).min(end) } else { end };
            bytes[at..until].fill(0);
            format!("zeros from {at} to {until}")
        }
        5 => {
            // What lay there before the last write: a page of an earlier frame, or a sector of it.
            let earlier = log.start_of(chance.below(frame + 1));
            let (at, length) = if chance.below(2) == 0 {
                (FRAME_HEADER, log.page)
            } else {
                (chance.below(8) * SECTOR, SECTOR)
            };
            let (to, from) = (log.start_of(frame) + at, earlier + at);
            if to + length <= end {
                bytes.copy_within(from..from + length, to);
            }
            format!("{length} bytes of {from} at {to}")
        }
        6 => {
            let at = place.min(end - 1);
            bytes[at] ^= 1 << chance.below(8);
            format!("a bit flipped at {at}")
        }
        7 => {
            // The number of the page, the size after it, the two words of salt, the two of checksum.
            let word = chance.below(6);
            let at = log.start_of(frame) + 4 * word + chance.below(4);
            bytes[at] ^= 1 << chance.below(8);
            format!("a bit of word {word} of frame {frame}'s header flipped, at {at}")
        }
        _ => {
            let more = chance.below(3 * log.page);
            bytes.extend((0..more).map(|_| chance.next().to_le_bytes()[0]));
            format!("{more} bytes of garbage at its end")
        }
    };
    if floor == 0 && chance.below(40) == 0 {
        let at = chance.below(HEADER.min(bytes.len()).max(1));
        if let Some(byte) = bytes.get_mut(at) {
            *byte ^= 1 << chance.below(8);
            what = format!("{what}; a bit of its header flipped at {at}");
        }
    }
    Damaged { bytes, what }
}

/// A place in a frame: its edges, its header, its page, or anywhere.
fn place(log: &Log, frame: usize, chance: &mut Chance) -> usize {
    let start = log.start_of(frame);
    match chance.below(5) {
        0 => start,
        1 => start + 1 + chance.below(FRAME_HEADER - 1),
        2 => start + FRAME_HEADER,
        3 => start + FRAME_HEADER + log.page - 1,
        _ => start + FRAME_HEADER + chance.below(log.page),
    }
}

/// What becomes of the index, which is memory that is shared and no promise of anybody.
pub(crate) fn index(as_left: &[u8], chance: &mut Chance) -> (Option<Vec<u8>>, &'static str) {
    match chance.below(5) {
        0 => (None, "no index"),
        1 => (Some(vec![]), "an empty index"),
        2 => {
            let garbage = as_left.iter().map(|_| chance.next().to_le_bytes()[0]).collect();
            (Some(garbage), "an index of garbage")
        }
        3 => (Some(as_left[..as_left.len() / 3].to_vec()), "a cut index"),
        _ => (Some(as_left.to_vec()), "the index as it was"),
    }
}

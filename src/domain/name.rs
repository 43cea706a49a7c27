//! Names and descriptions as people give them.

use thiserror::Error;

/// The longest name or description, in bytes of UTF-8 (OTC `evs_04_2105`: "255 bytes").
pub const LONGEST: usize = 255;

/// Why a text is not taken as a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum InvalidName {
    /// Nothing is left once the white space around it is gone.
    #[error("can not be empty")]
    Empty,
    /// More than [`LONGEST`] bytes of UTF-8.
    #[error("can not be greater than {LONGEST} characters")]
    TooLong,
    /// It holds U+0000, behind which SQLite's own functions and shells see nothing.
    #[error("can not contain the null character")]
    Null,
}

/// A name that may be missing but not empty, such as a transfer's: trimmed, at most 255 bytes.
pub fn non_empty(text: &str) -> Result<String, InvalidName> {
    let name = possibly_empty(text)?;
    if name.is_empty() { Err(InvalidName::Empty) } else { Ok(name) }
}

/// A name or description that may be empty, such as a disk's: trimmed, at most 255 bytes.
pub fn possibly_empty(text: &str) -> Result<String, InvalidName> {
    let name = text.trim();
    if name.contains('\0') {
        Err(InvalidName::Null)
    } else if name.len() > LONGEST {
        Err(InvalidName::TooLong)
    } else {
        Ok(name.to_owned())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_trimmed_and_measured_in_bytes() {
        assert_eq!(non_empty("  ledger\t"), Ok("ledger".to_owned()));
        assert_eq!(non_empty(" \n"), Err(InvalidName::Empty));
        assert_eq!(non_empty(&"x".repeat(255)).map(|n| n.len()), Ok(255));
        assert_eq!(non_empty(&"x".repeat(256)), Err(InvalidName::TooLong));
        assert_eq!(non_empty(&"ü".repeat(128)), Err(InvalidName::TooLong), "256 bytes");
        assert_eq!(non_empty("a\0b"), Err(InvalidName::Null));
        assert_eq!(non_empty(&"ü".repeat(127)).map(|n| n.len()), Ok(254));
    }
}

//! Microversions of the block storage API: what a client may ask for beyond 3.0.

use std::fmt;

use thiserror::Error;

/// A version `major.minor` of the v3 API.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Microversion(pub u16, pub u16);

/// What a request without a header gets.
pub const MIN: Microversion = Microversion(3, 0);
/// The newest that is answered; OpenStack's clients of 2026 know no newer one.
pub const MAX: Microversion = Microversion(3, 71);

/// Why a header's version cannot be served.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum BadMicroversion {
    /// Not `MAJOR.MINOR`.
    #[error("API Version String {0} is of invalid format. Must be of format MajorNum.MinorNum.")]
    Malformed(String),
    /// Outside [`MIN`] to [`MAX`].
    #[error("Version {0} is not supported by the API. Minimum is {MIN} and maximum is {MAX}.")]
    Unsupported(Microversion),
}

impl Microversion {
    /// Reads the value of `OpenStack-API-Version`: the element that names `volume` among several
    /// separated by commas. No such element means [`MIN`], `latest` means [`MAX`].
    pub fn from_header(header: &str) -> Result<Self, BadMicroversion> {
        let asked = header.split(',').find_map(|element| {
            let mut words = element.split_whitespace();
            words.next().filter(|service| service.eq_ignore_ascii_case("volume"))?;
            Some(words.collect::<Vec<_>>().join(" "))
        });
        match asked.as_deref() {
            None => Ok(MIN),
            Some("latest") => Ok(MAX),
            Some(text) => Self::parse(text),
        }
    }

    fn parse(text: &str) -> Result<Self, BadMicroversion> {
        let malformed = || BadMicroversion::Malformed(text.to_owned());
        let number = |digits: &str| {
            let plain = !digits.is_empty()
                && digits.bytes().all(|b| b.is_ascii_digit())
                && (digits == "0" || !digits.starts_with('0'));
            if plain { digits.parse::<u16>().ok() } else { None }
        };
        let (major, minor) = text.split_once('.').ok_or_else(malformed)?;
        let version =
            Self(number(major).ok_or_else(malformed)?, number(minor).ok_or_else(malformed)?);
        if (MIN..=MAX).contains(&version) {
            Ok(version)
        } else {
            Err(BadMicroversion::Unsupported(version))
        }
    }
}

impl fmt::Display for Microversion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.0, self.1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_header_names_the_volume_service_among_others() {
        assert_eq!(Microversion::from_header("volume 3.55"), Ok(Microversion(3, 55)));
        assert_eq!(Microversion::from_header("compute 2.1, volume 3.9"), Ok(Microversion(3, 9)));
        assert_eq!(Microversion::from_header("compute 2.1"), Ok(MIN));
        assert_eq!(Microversion::from_header("volume latest"), Ok(MAX));
    }

    #[test]
    fn what_is_no_version_and_what_is_none_of_ours_are_told_apart() {
        for text in ["abc", "3", "3.", ".5", "3.x", "3.05", "3.5.1", "+3.5", "3.99999", ""] {
            assert_eq!(
                Microversion::from_header(&format!("volume {text}")),
                Err(BadMicroversion::Malformed(text.to_owned())),
            );
        }
        for version in [Microversion(3, 72), Microversion(2, 0), Microversion(4, 0)] {
            assert_eq!(
                Microversion::from_header(&format!("volume {version}")),
                Err(BadMicroversion::Unsupported(version)),
            );
        }
    }

    #[test]
    fn minor_numbers_are_numbers_not_decimals() {
        assert!(Microversion(3, 9) < Microversion(3, 55));
    }
}

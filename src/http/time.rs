//! Times as they stand in answers.

use crate::domain::clock::Time;

/// UTC without a zone, always six digits: `2026-11-23T07:41:05.318204` (gophercloud refuses a zone).
pub(super) fn zoneless(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6f").to_string()
}

/// UTC with six digits and `Z`, as the identity service writes it.
pub(super) fn with_zone(time: Time) -> String {
    time.format("%Y-%m-%dT%H:%M:%S%.6fZ").to_string()
}

#[cfg(test)]
mod tests {
    use chrono::DateTime;

    use super::*;

    #[test]
    fn six_digits_stand_even_where_they_are_zero() {
        assert_eq!(zoneless(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000");
        assert_eq!(with_zone(DateTime::UNIX_EPOCH), "1970-01-01T00:00:00.000000Z");
    }
}

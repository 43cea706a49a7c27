//! One table of a scenario, read key by key: what is wrong is written down, and reading goes on.

use std::collections::{BTreeMap, BTreeSet};

use chrono::{DateTime, NaiveDateTime, Utc};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use crate::domain::clock::Time;
use crate::domain::scenario::{At, Complaints, Place};

/// Where the lines of a text begin.
#[derive(Debug)]
pub(super) struct Lines<'a> {
    text: &'a str,
}

impl<'a> Lines<'a> {
    pub(super) fn of(text: &'a str) -> Self {
        Self { text }
    }

    /// The line and the character of it that a byte belongs to.
    pub(super) fn place(&self, byte: usize) -> Place {
        let before = self.text.get(..byte.min(self.text.len())).unwrap_or(self.text);
        let line = before.bytes().filter(|b| *b == b'\n').count() + 1;
        let rest = before.rsplit('\n').next().unwrap_or_default();
        Place { line, column: rest.chars().count() + 1 }
    }
}

/// A table that is being read.
#[derive(Debug)]
pub(super) struct Entry<'a> {
    table: &'a DeTable<'a>,
    lines: &'a Lines<'a>,
    complaints: &'a mut Complaints,
    /// Where the table begins.
    pub(super) place: Place,
    asked: BTreeSet<&'static str>,
}

impl<'a> Entry<'a> {
    pub(super) fn new(
        table: &'a DeTable<'a>,
        start: usize,
        lines: &'a Lines<'a>,
        complaints: &'a mut Complaints,
    ) -> Self {
        Self { table, lines, complaints, place: lines.place(start), asked: BTreeSet::new() }
    }

    fn get(&mut self, key: &'static str) -> Option<(&'a DeValue<'a>, Place)> {
        self.asked.insert(key);
        let value = self.table.get(key)?;
        Some((value.get_ref(), self.lines.place(value.span().start)))
    }

    /// Where the value of a key stands, if it is there.
    pub(super) fn place_of(&mut self, key: &'static str) -> Option<Place> {
        self.get(key).map(|(_, place)| place)
    }

    /// Writes down what is wrong at a place.
    pub(super) fn complain(&mut self, place: Place, sentence: impl Into<String>) {
        self.complaints.add(place, sentence);
    }

    /// Reads every table of an array of tables.
    pub(super) fn each<T>(
        &mut self,
        key: &'static str,
        read: fn(&mut Entry<'_>) -> Option<T>,
    ) -> Vec<T> {
        let Some((value, place)) = self.get(key) else { return Vec::new() };
        let Some(items) = value.as_array() else {
            self.complain(place, format!("each {key} begins with [[{key}]]"));
            return Vec::new();
        };
        let mut read_items = Vec::new();
        for item in items {
            let at = self.lines.place(item.span().start);
            let DeValue::Table(table) = item.get_ref() else {
                self.complain(at, format!("each {key} is a table"));
                continue;
            };
            let start = item.span().start;
            let mut entry = Entry::new(table, start, self.lines, self.complaints);
            let thing = read(&mut entry);
            entry.no_others();
            read_items.extend(thing);
        }
        read_items
    }

    /// Complains of every key that nobody asked for.
    pub(super) fn no_others(&mut self) {
        for key in self.table.keys() {
            let name: &str = key.get_ref();
            if !self.asked.contains(name) {
                let known: Vec<&str> = self.asked.iter().copied().collect();
                let known = known.join(", ");
                let place = self.lines.place(key.span().start);
                self.complaints
                    .add(place, format!("there is no key {name:?} here; there are {known}"));
            }
        }
    }

    /// A value of the key that a function makes of the text; none of it: the sentence says what it is.
    pub(super) fn parsed<T>(
        &mut self,
        key: &'static str,
        parse: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<At<T>> {
        let (value, place) = self.get(key)?;
        let Some(text) = value.as_str() else {
            self.complain(place, format!("{key} is a text, in quotes"));
            return None;
        };
        match parse(text) {
            Ok(value) => Some(At { value, place }),
            Err(sentence) => {
                self.complain(place, sentence);
                None
            }
        }
    }

    /// A text.
    pub(super) fn text(&mut self, key: &'static str) -> Option<At<String>> {
        self.parsed(key, |text| {
            if text.contains('\0') {
                Err(format!("{key} has no U+0000"))
            } else {
                Ok(text.to_owned())
            }
        })
    }

    /// A text that must be there.
    pub(super) fn required(&mut self, key: &'static str) -> Option<At<String>> {
        let there = self.table.contains_key(key);
        let text = self.text(key);
        if !there {
            let place = self.place;
            self.complain(place, format!("{key} is missing"));
        }
        text
    }

    /// A flag.
    pub(super) fn flag(&mut self, key: &'static str) -> Option<At<bool>> {
        let (value, place) = self.get(key)?;
        let flag = value.as_bool();
        if flag.is_none() {
            self.complain(place, format!("{key} is true or false"));
        }
        flag.map(|value| At { value, place })
    }

    /// A whole number from `least` to `most`.
    pub(super) fn whole(&mut self, key: &'static str, least: i64, most: i64) -> Option<At<i64>> {
        let (value, place) = self.get(key)?;
        let Some(value) = whole(value) else {
            self.complain(place, format!("{key} is a whole number"));
            return None;
        };
        if value < least {
            self.complain(place, format!("{key} is at least {least}"));
            return None;
        }
        if value > most {
            self.complain(place, format!("{key} is at most {most}"));
            return None;
        }
        Some(At { value, place })
    }

    /// A time in seconds, in milliseconds.
    pub(super) fn milliseconds(&mut self, key: &'static str) -> Option<At<i64>> {
        let (value, place) = self.get(key)?;
        let seconds = if let DeValue::Float(float) = value {
            float.as_str().replace('_', "").parse::<f64>().ok()
        } else {
            whole(value).and_then(|n| i32::try_from(n).ok()).map(f64::from)
        };
        let seconds = seconds.filter(|seconds| (0.0..=1e9).contains(seconds));
        let Some(seconds) = seconds else {
            self.complain(place, format!("{key} is a number of seconds, not negative"));
            return None;
        };
        #[expect(clippy::cast_possible_truncation, reason = "it is between 0 and 1e12")]
        let value = (seconds * 1000.0).round() as i64;
        Some(At { value, place })
    }

    /// A moment; without a zone it is UTC.
    pub(super) fn time(&mut self, key: &'static str) -> Option<At<Time>> {
        let (value, place) = self.get(key)?;
        let spelled = if let DeValue::Datetime(moment) = value {
            moment.to_string()
        } else {
            value.as_str().unwrap_or_default().to_owned()
        };
        let with_zone = DateTime::parse_from_rfc3339(&spelled).map(|at| at.with_timezone(&Utc));
        let moment = with_zone
            .ok()
            .or_else(|| spelled.parse::<NaiveDateTime>().ok().map(|moment| moment.and_utc()));
        if moment.is_none() {
            self.complain(place, format!("{key} is a time such as 2026-12-01T08:00:00Z"));
        }
        moment.map(|value| At { value, place })
    }

    /// Texts; none: the key is not there.
    pub(super) fn texts(&mut self, key: &'static str) -> Option<At<Vec<At<String>>>> {
        let (value, place) = self.get(key)?;
        let Some(items) = value.as_array() else {
            self.complain(place, format!("{key} is a list of texts, in brackets"));
            return None;
        };
        let mut texts = Vec::new();
        for item in items {
            let place = self.lines.place(item.span().start);
            match item.get_ref().as_str() {
                Some(text) => texts.push(At { value: text.to_owned(), place }),
                None => self.complain(place, format!("{key} is a list of texts, in brackets")),
            }
        }
        Some(At { value: texts, place })
    }

    /// Keys and what each is, read by a function that is given key, value and the value's place.
    pub(super) fn members<T>(
        &mut self,
        key: &'static str,
        what: &str,
        read: impl Fn(&str, &DeValue<'_>) -> Result<T, String>,
    ) -> Option<At<BTreeMap<String, At<T>>>> {
        let (value, place) = self.get(key)?;
        let DeValue::Table(table) = value else {
            self.complain(place, format!("{key} is {what}"));
            return None;
        };
        let mut members = BTreeMap::new();
        for (name, value) in table {
            let place = self.lines.place(Spanned::span(value).start);
            match read(name.get_ref(), value.get_ref()) {
                Ok(value) => drop(members.insert(name.get_ref().to_string(), At { value, place })),
                Err(sentence) => self.complain(place, sentence),
            }
        }
        Some(At { value: members, place })
    }

    /// Keys with texts.
    pub(super) fn values(&mut self, key: &'static str) -> Option<At<BTreeMap<String, String>>> {
        let what = "keys with texts, in braces";
        let members = self.members(key, what, |_, value| {
            value.as_str().map(str::to_owned).ok_or_else(|| format!("{key} is {what}"))
        })?;
        let values = members.value.into_iter().map(|(name, value)| (name, value.value));
        Some(At { value: values.collect(), place: members.place })
    }
}

/// A whole number.
pub(super) fn whole(value: &DeValue<'_>) -> Option<i64> {
    let number = value.as_integer()?;
    i64::from_str_radix(&number.as_str().replace('_', ""), number.radix()).ok()
}

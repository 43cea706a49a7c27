//! Values as Python or JSON spells them: Cinder reads query parameters so.

use serde_json::{Map, Number, Value};

/// How deep a value may be nested; nobody asks for lists of lists.
const DEEPEST: usize = 8;

/// The value that a whole text spells, if it does spell one.
pub(super) fn parse(text: &str) -> Option<Value> {
    let mut reader = Reader { rest: text };
    let value = reader.value(0)?;
    reader.skip_spaces();
    reader.rest.is_empty().then_some(value)
}

/// The texts that a parameter stands for: those of a list, or the one; a text that spells no value
/// stands for itself, and one that spells none of texts and numbers for nothing.
pub(super) fn texts(parameter: &str) -> Option<Vec<String>> {
    match parse(parameter) {
        None => Some(vec![parameter.to_owned()]),
        Some(Value::Array(values)) => values.iter().map(text).collect(),
        Some(value) => text(&value).map(|text| vec![text]),
    }
}

/// A text or a number as a text.
pub(super) fn text(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(number) => Some(number.to_string()),
        Value::Null | Value::Bool(_) | Value::Array(_) | Value::Object(_) => None,
    }
}

/// The pairs of a dictionary of texts and numbers, `{'key': 'value'}`; none if it is none.
pub(super) fn pairs(parameter: &str) -> Option<Vec<(String, String)>> {
    let Some(Value::Object(pairs)) = parse(parameter) else { return None };
    pairs.into_iter().map(|(key, value)| Some((key, text(&value)?))).collect()
}

struct Reader<'a> {
    rest: &'a str,
}

impl Reader<'_> {
    fn skip_spaces(&mut self) {
        self.rest = self.rest.trim_start();
    }

    /// Whether this character comes next; if so, it is read.
    fn take(&mut self, wanted: char) -> bool {
        self.skip_spaces();
        match self.rest.strip_prefix(wanted) {
            Some(rest) => {
                self.rest = rest;
                true
            }
            None => false,
        }
    }

    fn next(&mut self) -> Option<char> {
        let mut characters = self.rest.chars();
        let next = characters.next()?;
        self.rest = characters.as_str();
        Some(next)
    }

    fn value(&mut self, depth: usize) -> Option<Value> {
        if depth > DEEPEST {
            return None;
        }
        if self.take('{') {
            return self.members(depth);
        }
        if self.take('[') {
            return self.items(']', depth);
        }
        if self.take('(') {
            return self.items(')', depth);
        }
        if self.take('\'') {
            return self.string('\'').map(Value::String);
        }
        if self.take('"') {
            return self.string('"').map(Value::String);
        }
        self.word()
    }

    fn members(&mut self, depth: usize) -> Option<Value> {
        let mut members = Map::new();
        while !self.take('}') {
            if !members.is_empty() && !self.take(',') {
                return None;
            }
            if self.take('}') {
                break;
            }
            let key = text(&self.value(depth + 1)?)?;
            if !self.take(':') {
                return None;
            }
            let value = self.value(depth + 1)?;
            members.insert(key, value);
        }
        Some(Value::Object(members))
    }

    fn items(&mut self, end: char, depth: usize) -> Option<Value> {
        let mut items = Vec::new();
        while !self.take(end) {
            if !items.is_empty() && !self.take(',') {
                return None;
            }
            if self.take(end) {
                break;
            }
            items.push(self.value(depth + 1)?);
        }
        Some(Value::Array(items))
    }

    fn string(&mut self, end: char) -> Option<String> {
        let mut string = String::new();
        loop {
            match self.next()? {
                '\\' => string.push_str(&self.escaped()?),
                '\n' => return None,
                c if c == end => return Some(string),
                c => string.push(c),
            }
        }
    }

    fn escaped(&mut self) -> Option<String> {
        Some(match self.next()? {
            'n' => "\n".to_owned(),
            'r' => "\r".to_owned(),
            't' => "\t".to_owned(),
            c @ ('\\' | '\'' | '"' | '/') => c.to_string(),
            'x' => self.code(2)?.to_string(),
            'u' => self.code(4)?.to_string(),
            // Python keeps the stroke before a character that it does not escape.
            other => format!("\\{other}"),
        })
    }

    fn code(&mut self, digits: usize) -> Option<char> {
        let code = self.rest.get(..digits)?;
        self.rest = self.rest.get(digits..)?;
        char::from_u32(u32::from_str_radix(code, 16).ok()?)
    }

    fn word(&mut self) -> Option<Value> {
        let end = self.rest.find(|c: char| ",:]})".contains(c) || c.is_whitespace());
        let (word, rest) = self.rest.split_at_checked(end.unwrap_or(self.rest.len()))?;
        self.rest = rest;
        match word {
            "None" | "null" => Some(Value::Null),
            "True" | "true" => Some(Value::Bool(true)),
            "False" | "false" => Some(Value::Bool(false)),
            // As Python does, which takes a leading zero for a mistake.
            digits => digits.parse::<Number>().ok().map(Value::Number),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn python_and_json_spell_the_same_values() {
        for (text, value) in [
            ("{'a': 'b', \"c\": 1}", json!({"a": "b", "c": 1})),
            ("{\"a\":\"b\"}", json!({"a": "b"})),
            ("{u: 1}", Value::Null),
            (" [ 'a' , 2 , ] ", json!(["a", 2])),
            ("('a', None, True)", json!(["a", null, true])),
            ("{}", json!({})),
            ("'it\\'s \\x41\\u00e9 \\d'", json!("it's Aé \\d")),
            ("-3", json!(-3)),
        ] {
            if value.is_null() {
                assert_eq!(parse(text), None, "{text}");
            } else {
                assert_eq!(parse(text), Some(value), "{text}");
            }
        }
    }

    #[test]
    fn what_spells_no_value_is_none() {
        for text in [
            "",
            "available",
            "{'a'}",
            "{'a': }",
            "{'a': 'b'",
            "'a",
            "'a' 'b'",
            "[1 2]",
            "{,}",
            "[,]",
            "\\",
            "'\\u12'",
            "'\\x'",
            "'\\ud800'",
            "a:b",
            &"[".repeat(50_000),
        ] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_parameter_stands_for_itself_or_for_what_it_spells() {
        let owned = |texts: &[&str]| Some(texts.iter().map(|text| (*text).to_owned()).collect());
        assert_eq!(texts("in-use"), owned(&["in-use"]));
        assert_eq!(texts("'in-use'"), owned(&["in-use"]));
        assert_eq!(texts("['error', 'in-use']"), owned(&["error", "in-use"]));
        assert_eq!(texts("10"), owned(&["10"]));
        assert_eq!(texts("None"), None);
        assert_eq!(texts("{}"), None);
    }
}

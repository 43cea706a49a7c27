//! JSON values as Python prints them: Cinder's messages quote them so.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde_json::Value;

/// The longest value that a message quotes, in characters; more would only echo the request.
const LONGEST: usize = 1000;

/// As `repr()` prints it: `None`, `True`, `'text'`, `{'a': 1}`.
pub(super) fn repr(value: &Value) -> String {
    let mut text = String::new();
    print(value, &mut text);
    shorten(text)
}

/// As `str()` prints it: like [`repr`], but a text stands without quotes.
pub(super) fn str(value: &Value) -> String {
    match value {
        Value::String(text) => shorten(text.clone()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_) => {
            repr(value)
        }
    }
}

fn shorten(text: String) -> String {
    if text.chars().nth(LONGEST).is_none() {
        return text;
    }
    text.chars().take(LONGEST).chain(['…']).collect()
}

/// The texts of a dictionary, written as JSON or as Python prints it: `{'k': 'v'}`.
pub(super) fn pairs(text: &str) -> Option<BTreeMap<String, String>> {
    let mut rest = text.trim().strip_prefix('{')?.strip_suffix('}')?.trim();
    let mut pairs = BTreeMap::new();
    while !rest.is_empty() {
        let (key, after) = quoted(rest)?;
        let (value, after) = quoted(after.trim_start().strip_prefix(':')?.trim_start())?;
        pairs.insert(key, value);
        rest = after.trim_start();
        if !rest.is_empty() {
            rest = rest.strip_prefix(',')?.trim_start();
        }
    }
    Some(pairs)
}

/// A text in quotes of either kind, and what follows it.
fn quoted(text: &str) -> Option<(String, &str)> {
    let mut chars = text.chars();
    let mark = chars.next().filter(|c| *c == '\'' || *c == '"')?;
    let mut value = String::new();
    loop {
        match chars.next()? {
            '\\' => value.push(match chars.next()? {
                'n' => '\n',
                'r' => '\r',
                't' => '\t',
                other => other,
            }),
            c if c == mark => return Some((value, chars.as_str())),
            c => value.push(c),
        }
    }
}

fn print(value: &Value, text: &mut String) {
    match value {
        Value::Null => text.push_str("None"),
        Value::Bool(true) => text.push_str("True"),
        Value::Bool(false) => text.push_str("False"),
        Value::Number(number) => text.push_str(&number.to_string()),
        Value::String(string) => quote(string, text),
        Value::Array(items) => {
            text.push('[');
            for (i, item) in items.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                print(item, text);
            }
            text.push(']');
        }
        Value::Object(members) => {
            text.push('{');
            for (i, (key, member)) in members.iter().enumerate() {
                if i > 0 {
                    text.push_str(", ");
                }
                quote(key, text);
                text.push_str(": ");
                print(member, text);
            }
            text.push('}');
        }
    }
}

fn quote(string: &str, text: &mut String) {
    let mark = if string.contains('\'') && !string.contains('"') { '"' } else { '\'' };
    text.push(mark);
    for c in string.chars() {
        match c {
            '\\' => text.push_str("\\\\"),
            '\n' => text.push_str("\\n"),
            '\r' => text.push_str("\\r"),
            '\t' => text.push_str("\\t"),
            c if c == mark => {
                text.push('\\');
                text.push(c);
            }
            c if c.is_control() => {
                // Writing to a string cannot fail.
                let _ = write!(text, "\\x{:02x}", u32::from(c));
            }
            c => text.push(c),
        }
    }
    text.push(mark);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn values_look_as_python_prints_them() {
        let value = json!({"a": null, "b": [true, false, 1, 1.5], "c": "it's", "d": "\"'\n"});
        assert_eq!(
            repr(&value),
            r#"{'a': None, 'b': [True, False, 1, 1.5], 'c': "it's", 'd': '"\'\n'}"#
        );
        assert_eq!(str(&json!("abc")), "abc");
        assert_eq!(str(&json!(null)), "None");
    }

    #[test]
    fn a_dictionary_is_read_in_either_spelling() {
        let expected = |pairs: &[(&str, &str)]| {
            let owned = |(key, value): &(&str, &str)| ((*key).to_owned(), (*value).to_owned());
            Some(pairs.iter().map(owned).collect::<BTreeMap<_, _>>())
        };
        assert_eq!(pairs(r#" {'a': 'b', "c":"d",} "#), expected(&[("a", "b"), ("c", "d")]));
        assert_eq!(pairs(r#"{'it\'s': "\"x\\"}"#), expected(&[("it's", "\"x\\")]));
        assert_eq!(pairs("{}"), expected(&[]));
        for text in ["", "{", "{'a'}", "{'a': 1}", "{'a': 'b' 'c': 'd'}", "{'a': 'b", "['a']"] {
            assert_eq!(pairs(text), None, "{text}");
        }
    }

    #[test]
    fn a_long_value_is_cut() {
        assert_eq!(repr(&json!("x".repeat(5000))).chars().count(), LONGEST + 1);
    }
}

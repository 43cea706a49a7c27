//! JSON values as Python prints them: Cinder's messages quote them so.

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
    fn a_long_value_is_cut() {
        assert_eq!(repr(&json!("x".repeat(5000))).chars().count(), LONGEST + 1);
    }
}

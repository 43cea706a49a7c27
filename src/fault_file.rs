//! A file of faults: TOML, a `[[fault]]` for each rule, with the members of the API. All that is wrong
//! with it is found at once, each with its line.

use serde::Deserialize;
use serde::de::IntoDeserializer as _;
use toml::{Spanned, Table};

use crate::domain::clock::Time;
use crate::domain::fault::FaultDraft;

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Document {
    #[serde(default)]
    fault: Vec<Spanned<Table>>,
}

/// The rules that a file holds, or a sentence for each mistake in it.
pub fn parse(text: &str) -> Result<Vec<FaultDraft>, Vec<String>> {
    let line =
        |offset: usize| text.get(..offset).map_or(0, |before| before.matches('\n').count()) + 1;
    let document: Document = toml::from_str(text).map_err(|error| {
        let at = error.span().map_or(1, |span| line(span.start));
        vec![format!("line {at}: {}", error.message())]
    })?;
    let (mut drafts, mut mistakes) = (Vec::new(), Vec::new());
    for table in document.fault {
        let at = line(table.span().start);
        let read = FaultDraft::deserialize(table.into_inner().into_deserializer());
        let checked = read.map_err(|error| error.message().to_owned()).and_then(|draft| {
            draft.check(Time::UNIX_EPOCH, 0).map_err(|refused| refused.to_string()).map(|_| draft)
        });
        match checked {
            Ok(draft) => drafts.push(draft),
            Err(mistake) => mistakes.push(format!("line {at}: {mistake}")),
        }
    }
    if mistakes.is_empty() { Ok(drafts) } else { Err(mistakes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_read() {
        let text = "# what a busy day is like\n\n[[fault]]\noperation = \"transfer.accept\"\n\
                    times = 1\nerror = \"busy\"\n\n[[fault]]\ndelay_ms = 5\nprobability = 0.25\n";
        let drafts = parse(text).unwrap();
        assert_eq!(
            drafts,
            [
                FaultDraft {
                    operation: Some("transfer.accept".to_owned()),
                    times: Some(1),
                    error: Some("busy".to_owned()),
                    ..FaultDraft::default()
                },
                FaultDraft { delay_ms: Some(5), probability: Some(0.25), ..FaultDraft::default() },
            ]
        );
        assert_eq!(parse("").unwrap(), []);
    }

    #[test]
    fn each_mistake_is_told_with_its_line() {
        let text = "[[fault]]\nerror = \"busy\"\n\n[[fault]]\nerror = \"bussy\"\n\n\
                    [[fault]]\ntimes = 2\n\n[[fault]]\nerrors = \"busy\"\n\n\
                    [[fault]]\nerror = \"busy\"\ntimes = \"two\"\n";
        let mistakes = parse(text).unwrap_err();
        let beginnings = [
            "line 4: error is one of bad_request, ",
            "line 7: A fault has exactly one effect: ",
            "line 10: unknown field `errors`, expected one of ",
            "line 13: invalid type: string \"two\", expected u32",
        ];
        assert_eq!(mistakes.len(), beginnings.len(), "{mistakes:#?}");
        for (mistake, beginning) in mistakes.iter().zip(beginnings) {
            assert!(mistake.starts_with(beginning), "{mistake}");
        }
        for (text, beginning) in [
            ("[[fault]]\nerror =\n", "line 2: "),
            ("\n[[faults]]\nerror = \"busy\"\n", "line 2: unknown field `faults`"),
        ] {
            let mistakes = parse(text).unwrap_err();
            assert!(mistakes.len() == 1 && mistakes[0].starts_with(beginning), "{mistakes:#?}");
        }
    }
}

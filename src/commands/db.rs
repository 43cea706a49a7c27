//! `evs db`: SQL on the data file, whether a server runs or not.
//!
//! Must not know how the file is opened, nor what SQL means: it takes text in, and prints tables.

use std::fs::File;
use std::io::{self, BufRead, IsTerminal as _};
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use clap::{Args, Subcommand, ValueEnum};
use evs_local::config::Settings;
use evs_local::store::sqlite::console::{self, Access, Answer, Console, Value};
use rustyline::DefaultEditor;
use rustyline::error::ReadlineError;
use serde_json::Map;
use tokio::runtime::Runtime;

use super::print;

/// What can be done with the data file.
#[derive(Debug, Subcommand)]
pub(crate) enum DbCommand {
    /// Run SQL and print what it gives
    Query {
        /// One statement or several, separated by semicolons
        sql: String,
        #[command(flatten)]
        options: DbOptions,
    },
    /// Type SQL, statement by statement; .help tells what else there is
    Shell {
        #[command(flatten)]
        options: DbOptions,
    },
}

#[derive(Debug, Clone, Copy, Args)]
pub(crate) struct DbOptions {
    /// How to print rows
    #[arg(long, value_enum, default_value_t = Format::Table)]
    format: Format,
    /// Allow changes: the file's guards apply, and a running server notices
    #[arg(long)]
    write: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Columns under their names
    Table,
    /// As spreadsheets read it
    Csv,
    /// A list of objects
    Json,
}

const HELP: &str = "\
Statements end with a semicolon. Besides:
  .tables           the tables and views; README and v_disks are good beginnings
  .schema [NAME]    the SQL of everything or of one table, with what each column means
  .mode MODE        how to print rows: table, csv or json
  .quit             leaves; so does Ctrl-D
";

const FOR_CHANGES: &str = "\
Changes count at once: the server sees them with its next answer and notes them as an event, database.edit.
Guards refuse what would break something and say why; the view v_broken tells what no guard can see.
";

/// Runs the command on the data file of `settings`.
pub(crate) fn run(settings: &Settings, command: &DbCommand) -> anyhow::Result<ExitCode> {
    let (DbCommand::Query { options, .. } | DbCommand::Shell { options }) = command;
    let mut session = Session::open(settings.data.dir.join("evs.db"), *options)?;
    let done = match command {
        DbCommand::Query { sql, .. } => session.run_to_the_end(sql),
        DbCommand::Shell { .. } if io::stdin().is_terminal() => session.converse(),
        DbCommand::Shell { .. } => session.read(io::stdin().lock()),
    };
    let Session { runtime, console, .. } = session;
    let closed = runtime.block_on(console.close());
    done?;
    closed?;
    Ok(ExitCode::SUCCESS)
}

struct Session {
    runtime: Runtime,
    console: Console,
    file: PathBuf,
    options: DbOptions,
}

/// What a line of a shell asks for.
enum Step {
    More,
    Quit,
}

impl Session {
    fn open(file: PathBuf, options: DbOptions) -> anyhow::Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        // SQLite would say the same of an absent file as of one that it may not read.
        File::open(&file).with_context(|| format!("cannot read {}", file.display()))?;
        let access = if options.write { Access::Write } else { Access::Read };
        let console = runtime.block_on(Console::open(&file, access))?;
        Ok(Self { runtime, console, file, options })
    }

    /// Runs every statement of `text` that is whole, and gives back the rest.
    fn run_all(&mut self, text: &str) -> anyhow::Result<String> {
        let (statements, rest) = console::statements(text);
        for statement in statements {
            self.run(statement)?;
        }
        Ok(rest.to_owned())
    }

    /// Runs every statement of `text`; the last one may do without its semicolon.
    fn run_to_the_end(&mut self, text: &str) -> anyhow::Result<()> {
        let rest = self.run_all(text)?;
        self.run(&rest)
    }

    fn run(&mut self, statement: &str) -> anyhow::Result<()> {
        if console::is_blank(statement.trim_end_matches(';')) {
            return Ok(());
        }
        let answer = self.runtime.block_on(self.console.run(statement))?;
        print(&rendered(&answer, self.options))?;
        Ok(())
    }

    /// Takes one more line; `so_far` is the beginning of a statement.
    fn take(&mut self, so_far: &mut String, line: &str) -> anyhow::Result<Step> {
        if so_far.is_empty()
            && let Some(command) = line.trim().strip_prefix('.')
        {
            return self.obey(command);
        }
        so_far.push_str(line);
        so_far.push('\n');
        let text = std::mem::take(so_far);
        let rest = self.run_all(&text)?;
        if !console::is_blank(&rest) {
            *so_far = rest;
        }
        Ok(Step::More)
    }

    fn obey(&mut self, command: &str) -> anyhow::Result<Step> {
        match command.split_whitespace().collect::<Vec<_>>().as_slice() {
            ["quit" | "exit" | "q"] => return Ok(Step::Quit),
            ["help"] => print(HELP)?,
            ["tables"] => {
                let tables = self.runtime.block_on(self.console.tables())?;
                print(&rendered(&tables, self.options))?;
            }
            ["schema"] => self.show_schema(None)?,
            ["schema", name] => self.show_schema(Some(name))?,
            ["mode", name] => {
                self.options.format = Format::from_str(name, true).map_err(|_| {
                    anyhow::anyhow!("there is no mode {name:?}; choose table, csv or json")
                })?;
            }
            _ => bail!("there is no command .{command}; .help names those there are"),
        }
        Ok(Step::More)
    }

    fn show_schema(&mut self, name: Option<&str>) -> anyhow::Result<()> {
        let schema = self.runtime.block_on(self.console.schema(name))?;
        if schema.is_empty() {
            bail!(
                "there is no table or view {:?}; .tables names those there are",
                name.unwrap_or("")
            );
        }
        print(&format!("{schema}\n"))?;
        Ok(())
    }

    /// With somebody at a terminal: an error ends nothing.
    fn converse(&mut self) -> anyhow::Result<()> {
        print(&greeting(&self.file, self.options.write))?;
        let mut editor = DefaultEditor::new().context("cannot read from the terminal")?;
        let mut so_far = String::new();
        loop {
            let prompt = if so_far.is_empty() { "evs> " } else { "...> " };
            let line = match editor.readline(prompt) {
                Ok(line) => line,
                Err(ReadlineError::Eof) => return Ok(()),
                Err(ReadlineError::Interrupted) => {
                    so_far.clear();
                    continue;
                }
                Err(why) => return Err(why).context("cannot read from the terminal"),
            };
            // A line that cannot be remembered was typed all the same.
            let _ = editor.add_history_entry(line.as_str());
            match self.take(&mut so_far, &line) {
                Ok(Step::More) => {}
                Ok(Step::Quit) => return Ok(()),
                Err(why) => print(&format!("evs: {why:#}\n"))?,
            }
        }
    }

    /// From a file or another program: the first error ends it.
    fn read(&mut self, input: impl BufRead) -> anyhow::Result<()> {
        let mut so_far = String::new();
        for line in input.lines() {
            if let Step::Quit = self.take(&mut so_far, &line?)? {
                return Ok(());
            }
        }
        self.run_to_the_end(&so_far)
    }
}

fn greeting(file: &std::path::Path, write: bool) -> String {
    let file = file.display();
    let begin = "The table README tells where to begin, .help what else there is.";
    if write {
        format!("{file}, open for changes. {begin}\n{FOR_CHANGES}")
    } else {
        format!("{file}, open for reading. {begin}\n")
    }
}

fn rendered(answer: &Answer, options: DbOptions) -> String {
    match (answer, options.format) {
        (Answer::Done(0), Format::Table) | (Answer::Done(_), Format::Csv | Format::Json) => {
            String::new()
        }
        (Answer::Done(1), Format::Table) => "1 row changed\n".to_owned(),
        (Answer::Done(count), Format::Table) => format!("{count} rows changed\n"),
        (Answer::Rows { columns, rows }, Format::Table) => table(columns, rows),
        (Answer::Rows { columns, rows }, Format::Csv) => csv(columns, rows),
        (Answer::Rows { columns, rows }, Format::Json) => json(columns, rows),
    }
}

fn text(value: &Value) -> String {
    match value {
        Value::Null => String::new(),
        Value::Integer(number) => number.to_string(),
        Value::Real(number) => number.to_string(),
        Value::Text(text) => text.clone(),
        Value::Blob(bytes) => hexadecimal(bytes),
    }
}

/// As SQL spells it.
fn hexadecimal(bytes: &[u8]) -> String {
    let digits: Vec<String> = bytes.iter().map(|byte| format!("{byte:02X}")).collect();
    format!("x'{}'", digits.concat())
}

fn table(columns: &[String], rows: &[Vec<Value>]) -> String {
    let cells: Vec<Vec<String>> = rows.iter().map(|row| row.iter().map(text).collect()).collect();
    let width = |column: usize, name: &String| {
        let of_cells = cells.iter().filter_map(|row| row.get(column));
        of_cells.chain([name]).map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let widths: Vec<usize> =
        columns.iter().enumerate().map(|(column, name)| width(column, name)).collect();
    let line = |cells: &[String]| {
        let padded = cells.iter().zip(&widths).map(|(cell, width)| format!("{cell:<width$}"));
        let line = padded.collect::<Vec<_>>().join("  ");
        format!("{}\n", line.trim_end())
    };
    let rule: Vec<String> = widths.iter().map(|width| "-".repeat(*width)).collect();
    let mut whole = line(columns) + &line(&rule);
    whole.extend(cells.iter().map(|row| line(row)));
    whole
}

/// RFC 4180, with the line ends of this system.
fn csv(columns: &[String], rows: &[Vec<Value>]) -> String {
    let field = |text: &str| {
        if text.contains([',', '"', '\n', '\r']) {
            format!("\"{}\"", text.replace('"', "\"\""))
        } else {
            text.to_owned()
        }
    };
    let line = |fields: Vec<String>| fields.join(",") + "\n";
    let mut whole = line(columns.iter().map(|name| field(name)).collect());
    whole
        .extend(rows.iter().map(|row| line(row.iter().map(|value| field(&text(value))).collect())));
    whole
}

fn json(columns: &[String], rows: &[Vec<Value>]) -> String {
    let value = |value: &Value| match value {
        Value::Null => serde_json::Value::Null,
        Value::Integer(number) => (*number).into(),
        Value::Real(number) => (*number).into(),
        Value::Text(text) => text.as_str().into(),
        Value::Blob(bytes) => hexadecimal(bytes).into(),
    };
    let object = |row: &Vec<Value>| {
        let members = columns.iter().zip(row).map(|(name, cell)| (name.clone(), value(cell)));
        serde_json::Value::Object(members.collect::<Map<_, _>>()).to_string()
    };
    let objects: Vec<String> = rows.iter().map(object).collect();
    if objects.is_empty() { "[]\n".to_owned() } else { format!("[{}]\n", objects.join(",\n ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn shown(format: Format) -> String {
        let columns = ["id", "name", "n"].map(str::to_owned).to_vec();
        let rows = vec![
            vec![Value::Text("ü\"1".to_owned()), Value::Null, Value::Integer(-7)],
            vec![Value::Text("a,b".to_owned()), Value::Blob(vec![0, 255]), Value::Real(1.5)],
        ];
        rendered(&Answer::Rows { columns, rows }, DbOptions { format, write: false })
    }

    #[test]
    fn rows_are_printed_as_a_table_for_spreadsheets_or_as_json() {
        assert_eq!(
            shown(Format::Table),
            "id   name     n\n---  -------  ---\nü\"1           -7\na,b  x'00FF'  1.5\n"
        );
        assert_eq!(shown(Format::Csv), "id,name,n\n\"ü\"\"1\",,-7\n\"a,b\",x'00FF',1.5\n");
        assert_eq!(
            shown(Format::Json),
            "[{\"id\":\"ü\\\"1\",\"name\":null,\"n\":-7},\n {\"id\":\"a,b\",\"name\":\"x'00FF'\",\"n\":1.5}]\n"
        );
    }
}

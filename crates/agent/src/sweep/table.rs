//! Rows in files.

use anyhow::{Context, Result, anyhow};
use bruit_lab::sweep::Row;
use std::path::Path;

/// How rows are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A line of names, then a line for each row (RFC 4180).
    Csv,
    /// An object a line.
    JsonLines,
}

impl Kind {
    /// By a file's name.
    pub(crate) fn of(path: &Path) -> Option<Kind> {
        match path.extension()?.to_str()? {
            "csv" => Some(Kind::Csv),
            "jsonl" => Some(Kind::JsonLines),
            _ => None,
        }
    }

    /// What stands before the rows.
    pub(super) fn head(self) -> Result<Vec<u8>> {
        let mut text = match self {
            Kind::JsonLines => Vec::new(),
            Kind::Csv => csv_of(&Row::default(), true)?,
        };
        let end = text.iter().position(|byte| *byte == b'\n').map_or(0, |end| end + 1);
        text.truncate(end);
        Ok(text)
    }

    /// A row, with the end of its line.
    pub(super) fn line(self, row: &Row) -> Result<Vec<u8>> {
        match self {
            Kind::Csv => csv_of(row, false),
            Kind::JsonLines => {
                let mut line = serde_json::to_vec(row)?;
                line.push(b'\n');
                Ok(line)
            }
        }
    }

    /// The rows of a file, and how many bytes its whole lines take: a last line without its end is not read.
    pub(super) fn read(self, path: &Path) -> Result<(Vec<Row>, u64)> {
        let name = path.display();
        let mut text = std::fs::read_to_string(path).with_context(|| format!("cannot read {name}"))?;
        text.truncate(text.rfind('\n').map_or(0, |end| end + 1));
        let rows: Result<Vec<Row>, (usize, anyhow::Error)> = match self {
            Kind::Csv => {
                let mut reader = csv::Reader::from_reader(text.as_bytes());
                reader.deserialize().zip(2..).map(|(row, line)| row.map_err(|why| (line, why.into()))).collect()
            }
            Kind::JsonLines => {
                let row = |(line, text): (usize, &str)| serde_json::from_str(text).map_err(|why| (line, why.into()));
                (1..).zip(text.lines()).map(row).collect()
            }
        };
        match rows {
            Ok(rows) => Ok((rows, text.len() as u64)),
            Err((line, why)) => Err(anyhow!("{name} is no sweep: line {line}: {why}")),
        }
    }
}

fn csv_of(row: &Row, names: bool) -> Result<Vec<u8>> {
    let mut writer = csv::WriterBuilder::new().has_headers(names).from_writer(Vec::new());
    writer.serialize(row)?;
    Ok(writer.into_inner()?)
}

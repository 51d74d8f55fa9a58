//! `bruit lab article`: what texts say of gossip, measured now.

use crate::cli::{ArticleOptions, Format};
use crate::output::{self, progress, threads};
use crate::paper::line;
use anyhow::Result;
use bruit_lab::article::{CLAIMS, Claim, Effort, Row};
use std::process::ExitCode;

/// `lab article`.
pub(crate) fn run(options: &ArticleOptions, format: Format) -> Result<ExitCode> {
    let wanted = |claim: &&Claim| options.rows.is_empty() || options.rows.iter().any(|row| row == claim.name);
    let claims: Vec<&Claim> = CLAIMS.iter().filter(wanted).collect();
    let effort = Effort { quick: options.quick, threads: threads() };
    let bar = progress(claims.len() as u64, "claims");
    let mut ok = true;
    for claim in claims {
        bar.set_message(claim.name);
        let row = claim.run(effort);
        ok &= row.ok;
        bar.inc(1);
        bar.suspend(|| match format {
            Format::Json => output::json(&row),
            Format::Text => print(&row),
        });
    }
    bar.finish_and_clear();
    Ok(if ok { ExitCode::SUCCESS } else { ExitCode::from(crate::FAILED) })
}

fn print(row: &Row) {
    println!("{}: {}", row.about, row.claim);
    let width = row.verdicts.iter().map(|verdict| verdict.claim.chars().count()).max().unwrap_or(0);
    row.verdicts.iter().for_each(|verdict| println!("  {}", line(verdict, width)));
    println!("  {}\n", row.command);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::Cli;
    use clap::Parser;

    #[test]
    fn the_command_behind_each_row_is_one() {
        for Claim { name, command, .. } in CLAIMS {
            let parsed = Cli::try_parse_from(command.split(' '));
            assert!(parsed.is_ok(), "{name}: {command}: {}", parsed.err().map(|e| e.to_string()).unwrap_or_default());
        }
    }
}

use super::report::{Figure, Summary};
use crate::plot::{Axis, Curve, Look, Picture, Plot, Point};
use std::collections::BTreeSet;

/// From so great a factor on an axis goes by factors.
const WIDE: f64 = 50.0;

/// Which figures are drawn, and how their axes are called.
const DRAWN: [(&str, &str); 3] = [("residue", "residue"), ("traffic", "traffic, per node"), ("t99", "t99, in cycles")];

/// A sweep's residue, traffic and t99 over the setting whose values are numbers and of which there are most; or over `x`. A
/// curve for each combination of the others that differ; bars are of a standard error to each side.
///
/// # Errors
/// If there is no such setting.
pub fn picture(cells: &[Summary], x: Option<&str>, command: &str) -> Result<Picture, String> {
    let varied = varied(cells);
    let numeric = |key: &&String| varied_numbers(cells, key).is_some();
    let key = match x {
        Some(x) => varied.iter().filter(numeric).find(|key| *key == x).ok_or_else(|| format!("no numbers differ in {x}"))?,
        None => {
            let count = |key: &&String| values(cells, key).len();
            // Of equals the first.
            let most = varied.iter().rev().filter(numeric).max_by_key(count);
            most.ok_or("nothing to draw: no setting differs in numbers")?
        }
    };
    let others: Vec<&String> = varied.iter().filter(|other| *other != key).collect();
    let plots = DRAWN.map(|(name, label)| plot(cells, key, &others, name, label));
    let runs = cells.iter().map(|cell| cell.runs).min().unwrap_or(0);
    Ok(Picture {
        title: format!("Over {key}: residue, traffic, t99"),
        source: format!("Means of {runs} runs each, and their standard errors."),
        command: command.to_owned(),
        plots: plots.into(),
        rows: Vec::new(),
    })
}

/// Settings that differ, in the order in which cells name them: those of set-ups, then the world's.
fn varied(cells: &[Summary]) -> Vec<String> {
    let mut keys: Vec<String> = Vec::new();
    for (key, _) in cells.iter().flat_map(Summary::settings) {
        if !keys.contains(&key) && values(cells, &key).len() > 1 {
            keys.push(key);
        }
    }
    // A setting that the first cell leaves as it is comes late.
    keys.sort_by_key(|key| Summary::WORLD.contains(&key.as_str()));
    keys
}

fn values(cells: &[Summary], key: &str) -> BTreeSet<Option<String>> {
    cells.iter().map(|cell| cell.setting(key)).collect()
}

/// The value of a setting in each cell, if all are numbers.
fn varied_numbers(cells: &[Summary], key: &str) -> Option<Vec<f64>> {
    cells.iter().map(|cell| cell.setting(key)?.trim_end_matches('%').parse().ok()).collect()
}

fn plot(cells: &[Summary], key: &str, others: &[&String], name: &str, y: &str) -> Plot {
    let xs = varied_numbers(cells, key).unwrap_or_default();
    let (low, high) = xs.iter().fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(*x), high.max(*x)));
    let axis = if low > 0.0 && high / low >= WIDE { Axis::log10(key) } else { Axis::linear(key) };
    let label = |cell: &Summary| {
        let words = others.iter().filter_map(|other| Some((*other, cell.setting(other)?)));
        words.map(|(key, value)| if key == "protocol" { value } else { format!("{key}={value}") }).collect::<Vec<_>>().join(" ")
    };
    let mut curves: Vec<Curve> = Vec::new();
    for (cell, x) in cells.iter().zip(&xs) {
        let figure = cell.figures().into_iter().find(|(other, _)| *other == name);
        let Some((_, Figure { mean: Some(y), error, .. })) = figure else { continue };
        let point = Point { x: *x, y, bar: error.map(|error| [y - error, y + error]) };
        let name = label(cell);
        match curves.iter_mut().find(|curve| curve.name == name) {
            Some(curve) => curve.points.push(point),
            None => curves.push(Curve { name, look: Look::Seen, hue: curves.len(), points: vec![point] }),
        }
    }
    curves.iter_mut().for_each(|curve| curve.points.sort_by(|a, b| a.x.total_cmp(&b.x)));
    Plot { title: name.into(), x: axis, y: Axis::linear(y), curves }
}

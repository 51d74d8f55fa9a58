//! What may import what: the table of ARCHITECTURE.md against what cargo says.

use crate::repository::{none_of, root, table};
use serde_json::Value;
use std::collections::{BTreeMap, BTreeSet};
use std::process::Command;

const HEADER: [&str; 3] = ["crate", "may use", "and never"];
const OUTSIDE: [&str; 3] = ["crate", "from the registry", "for"];
/// What the table's word 'protocols' stands for; the table's own row of them must agree.
const PROTOCOLS: &str = "protocols";

/// One edge: from a crate to another that it uses. Feature-gated edges count apart.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edge {
    from: String,
    to: String,
    optional: bool,
}

/// The table: for each crate, whom it may use, and whether only behind a feature.
type Allowed = BTreeMap<String, BTreeMap<String, bool>>;

fn allowed(document: &str) -> Allowed {
    let rows = table(document, &HEADER);
    let protocols: Vec<&str> = rows
        .iter()
        .map(|r| r[0])
        .find(|names| names.split(' ').any(|n| n == "swim"))
        .expect("a row of protocols")
        .split(' ')
        .collect();
    let mut table = Allowed::new();
    for row in &rows {
        let mut uses = BTreeMap::new();
        for (i, clause) in row[1].split(';').enumerate() {
            for word in clause.split(',').map(|w| w.split_whitespace().next().unwrap_or_default()).filter(|w| *w != "-") {
                let names = if word == PROTOCOLS { protocols.clone() } else { vec![word] };
                uses.extend(names.into_iter().map(|n| (n.to_owned(), i > 0)));
            }
        }
        table.extend(row[0].split(' ').map(|name| (name.to_owned(), uses.clone())));
    }
    table
}

/// Every way in which the edges depart from the table.
fn departures(table: &Allowed, crates: &BTreeSet<String>, edges: &BTreeSet<Edge>) -> Vec<String> {
    let mut found = Vec::new();
    let listed: BTreeSet<String> = table.keys().cloned().collect();
    found.extend(crates.difference(&listed).map(|c| format!("{c} is a crate and has no row")));
    found.extend(listed.difference(crates).map(|c| format!("{c} has a row and is no crate")));
    for Edge { from, to, optional } in edges {
        match table.get(from).and_then(|uses| uses.get(to)) {
            None => found.push(format!("{from} uses {to}, which its row does not allow")),
            Some(true) if !optional => found.push(format!("{from} uses {to} always; its row allows it behind a feature only")),
            Some(_) => {}
        }
    }
    let named = table.iter().flat_map(|(from, uses)| uses.keys().map(move |to| (from, to)));
    found.extend(
        named.filter(|(_, to)| !listed.contains(*to)).map(|(from, to)| format!("{from} may use {to}, which is no crate")),
    );
    found
}

fn metadata() -> Value {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    let args = ["metadata", "--no-deps", "--format-version", "1", "--offline"];
    let out = Command::new(cargo).args(args).current_dir(root()).output().expect("cargo runs");
    assert!(out.status.success(), "cargo metadata: {}", String::from_utf8_lossy(&out.stderr));
    serde_json::from_slice(&out.stdout).expect("cargo metadata prints JSON")
}

/// What cargo says of the workspace, dev-dependencies left out. Crates go by the names of their folders.
struct Workspace {
    crates: BTreeSet<String>,
    edges: BTreeSet<Edge>,
    /// Edges that leave the workspace.
    outside: BTreeSet<(String, String)>,
}

fn workspace() -> Workspace {
    let metadata = metadata();
    let packages = metadata["packages"].as_array().expect("packages");
    let text = |v: &Value| v.as_str().unwrap_or_default().to_owned();
    let folder = |path: &str| path.rsplit(['/', '\\']).next().unwrap_or_default().to_owned();
    let short = |p: &Value| folder(text(&p["manifest_path"]).trim_end_matches("Cargo.toml").trim_end_matches(['/', '\\']));
    let by_name: BTreeMap<String, String> = packages.iter().map(|p| (text(&p["name"]), short(p))).collect();
    let (mut edges, mut outside) = (BTreeSet::new(), BTreeSet::new());
    for package in packages {
        let dependencies = package["dependencies"].as_array().expect("dependencies");
        for dependency in dependencies.iter().filter(|d| d["kind"] != "dev") {
            let (from, name, optional) = (short(package), text(&dependency["name"]), dependency["optional"] == true);
            match by_name.get(&name) {
                Some(to) => drop(edges.insert(Edge { from, to: to.clone(), optional })),
                None => drop(outside.insert((from, name))),
            }
        }
    }
    Workspace { crates: by_name.into_values().collect(), edges, outside }
}

fn architecture() -> String {
    std::fs::read_to_string(root().join("ARCHITECTURE.md")).expect("ARCHITECTURE.md")
}

#[test]
fn the_workspace_keeps_to_the_table() {
    let Workspace { crates, edges, .. } = workspace();
    none_of("ARCHITECTURE.md, 'What may import what'", &departures(&allowed(&architecture()), &crates, &edges));
}

#[test]
fn below_the_drivers_little_comes_from_outside() {
    let document = architecture();
    let rows = table(&document, &OUTSIDE);
    let listed: BTreeSet<(String, String)> =
        rows.iter().flat_map(|r| r[1].split(", ").map(|name| (r[0].to_owned(), name.to_owned()))).collect();
    let mut used = workspace().outside;
    used.retain(|(from, _)| !["bruit", "agent"].contains(&from.as_str()));
    let differ = used.symmetric_difference(&listed).map(|(from, to)| format!("{from}: {to}"));
    none_of("ARCHITECTURE.md, 'from the registry', differs from what cargo says", &differ.collect::<Vec<_>>());
}

#[test]
fn a_departure_is_seen() {
    let document = "| crate | may use | and never |\n|---|---|---|\n| proto | - | x |\n| swim events | proto | x |\n| lab | protocols | x |\n\
                    | bruit | proto; lab behind feature `testkit` | x |\n";
    let table = allowed(document);
    let crates: BTreeSet<String> = ["proto", "swim", "events", "lab", "bruit"].map(str::to_owned).into();
    let edge = |from: &str, to: &str, optional| Edge { from: from.into(), to: to.into(), optional };
    let check = |edges: &[Edge]| departures(&table, &crates, &edges.iter().cloned().collect()).len();

    assert_eq!(check(&[edge("swim", "proto", false), edge("lab", "events", false), edge("bruit", "lab", true)]), 0);
    assert_eq!(check(&[edge("swim", "events", false)]), 1, "protocols do not know each other");
    assert_eq!(check(&[edge("proto", "swim", false)]), 1, "nothing below the alphabet");
    assert_eq!(check(&[edge("bruit", "lab", false)]), 1, "the lab only behind its feature");
    assert_eq!(departures(&table, &["proto".to_owned()].into(), &BTreeSet::new()).len(), 4, "rows without a crate");
}

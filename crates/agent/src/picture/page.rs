//! The page: files that are part of the binary, and nothing from elsewhere.

use crate::agent::Problem;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;

/// Files of `src/page`: name and text.
macro_rules! files {
    ($($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!("../page/", $name)))),*] };
}

/// All of them; a test compares.
const FILES: &[(&str, &str)] = files![
    "accusations.js",
    "actions.js",
    "ask.js",
    "charts.js",
    "clock.js",
    "cluster.js",
    "commands.js",
    "consensus.js",
    "controls.js",
    "dom.js",
    "events.js",
    "exchange.js",
    "feed.js",
    "glyph.js",
    "history.js",
    "icon.svg",
    "index.html",
    "ink.js",
    "inside.js",
    "layout.js",
    "legend.js",
    "main.js",
    "meter.js",
    "moment.js",
    "notation.js",
    "panel.js",
    "plot.js",
    "scenes.js",
    "series.js",
    "style.css",
    "summary.js",
    "theme.js",
    "timeline.js",
    "traffic.js",
    "tree.js",
    "types.js",
    "views.css",
    "words.js",
    "world.js",
];

/// Nothing is loaded from elsewhere, and nobody frames it.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'";

pub(super) async fn index() -> Result<impl IntoResponse, Problem> {
    file(Path("index.html".into())).await
}

pub(super) async fn file(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    let found = FILES.iter().find(|file| file.0 == name);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "no-such-route", format!("the page has no file {name}"));
    let (_, text) = *found.ok_or_else(missing)?;
    let kind = match name.rsplit('.').next() {
        Some("html") => "text/html; charset=utf-8",
        Some("css") => "text/css; charset=utf-8",
        Some("svg") => "image/svg+xml",
        _ => "text/javascript; charset=utf-8",
    };
    let headers: [(HeaderName, &str); 4] = [
        (header::CONTENT_TYPE, kind),
        (header::CONTENT_SECURITY_POLICY, POLICY),
        (header::CACHE_CONTROL, "no-cache"),
        (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
    ];
    Ok((headers, text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        let folder = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/src/page")).expect("the folder");
        let served = ["html", "js", "css", "svg"];
        let there: BTreeSet<String> = folder
            .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
            .filter(|name| served.iter().any(|kind| name.ends_with(&format!(".{kind}"))))
            .collect();
        assert_eq!(FILES.iter().map(|file| file.0.to_owned()).collect::<BTreeSet<_>>(), there);
    }
}

//! The page of watched nodes.

use crate::agent::Problem;
use crate::files::{self, Files, files};
use axum::extract::Path;
use axum::response::IntoResponse;

/// All of them; a test compares.
const FILES: Files = files![
    "../page/":
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

pub(super) async fn index() -> Result<impl IntoResponse, Problem> {
    files::file(FILES, "index.html")
}

pub(crate) async fn file(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    files::file(FILES, &name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        crate::files::are_all_of(super::FILES, "page");
    }
}

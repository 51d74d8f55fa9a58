//! The page of the lab. It shares modules with the page of watched nodes.

use crate::agent::Problem;
use crate::files::{self, Files, files};
use axum::extract::Path;
use axum::response::IntoResponse;

/// All of them; a test compares.
const FILES: Files = files![
    "../lab_page/":
    "controls.js",
    "course.js",
    "curve.js",
    "fnv.js",
    "index.html",
    "lab.css",
    "load.js",
    "main.js",
    "moment.js",
    "pane.js",
    "places.js",
    "playhead.js",
    "rules.js",
    "settings.js",
    "stage.js",
    "transport.js",
];

pub(super) async fn index() -> Result<impl IntoResponse, Problem> {
    files::file(FILES, "index.html")
}

pub(super) async fn file(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    files::file(FILES, &name)
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_file_of_the_page_is_served_and_no_other() {
        crate::files::are_all_of(super::FILES, "lab_page");
    }
}

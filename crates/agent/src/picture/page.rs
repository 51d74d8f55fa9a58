//! The page: files that are part of the binary, and nothing from elsewhere.

use crate::agent::Problem;
use axum::extract::Path;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;

/// Each file of `src/page`, with its type; a test compares.
const FILES: [(&str, &str, &str); 2] = [
    ("index.html", "text/html; charset=utf-8", include_str!("../page/index.html")),
    ("icon.svg", "image/svg+xml", include_str!("../page/icon.svg")),
];

/// Nothing is loaded from elsewhere, and nobody frames it.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'";

pub(super) async fn index() -> Result<impl IntoResponse, Problem> {
    file(Path("index.html".into())).await
}

pub(super) async fn file(Path(name): Path<String>) -> Result<impl IntoResponse, Problem> {
    let found = FILES.iter().find(|file| file.0 == name);
    let missing = || Problem::new(StatusCode::NOT_FOUND, "no-such-route", format!("the page has no file {name}"));
    let (_, kind, text) = *found.ok_or_else(missing)?;
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

//! Files of pages: they are part of the binary, and nothing comes from elsewhere.

use crate::agent::Problem;
use axum::http::{HeaderName, StatusCode, header};
use axum::response::IntoResponse;

/// Name and text of each.
pub(crate) type Files = &'static [(&'static str, &'static str)];

/// Nothing is loaded from elsewhere, and nobody frames it.
const POLICY: &str = "default-src 'self'; frame-ancestors 'none'";

/// The files of a folder beside the module: name and text.
macro_rules! files {
    ($folder:literal: $($name:literal),* $(,)?) => { &[$(($name, include_str!(concat!($folder, $name)))),*] };
}
pub(crate) use files;

/// One of them, as an answer.
pub(crate) fn file(files: Files, name: &str) -> Result<impl IntoResponse + use<>, Problem> {
    let found = files.iter().find(|file| file.0 == name);
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

/// That these are the files of a folder of `src` and no other.
#[cfg(test)]
#[track_caller]
pub(crate) fn are_all_of(files: Files, folder: &str) {
    use std::collections::BTreeSet;

    let folder = std::fs::read_dir(format!("{}/src/{folder}", env!("CARGO_MANIFEST_DIR"))).expect("the folder");
    let served = ["html", "js", "css", "svg"];
    let there: BTreeSet<String> = folder
        .map(|file| file.expect("a file").file_name().into_string().expect("UTF-8"))
        .filter(|name| served.iter().any(|kind| name.ends_with(&format!(".{kind}"))))
        .collect();
    assert_eq!(files.iter().map(|file| file.0.to_owned()).collect::<BTreeSet<_>>(), there);
}

//! `/v1/lab/run`: a run, streamed as JSON lines while it goes on. A slow reader slows it down, one who leaves ends it.

use super::Places;
use super::asked::{Asked, Wanted};
use super::line;
use crate::agent::Problem;
use axum::body::{Body, Bytes};
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{StatusCode, header};
use axum::response::IntoResponse;
use bruit_lab::experiment::Known;
use futures_util::stream;
use std::convert::Infallible;
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// Cycles that wait for the reader: of 100,000 nodes some megabytes each.
const WAITING: usize = 2;

pub(super) async fn run(
    State(places): State<Places>,
    asked: Result<Query<Asked>, QueryRejection>,
) -> Result<impl IntoResponse, Problem> {
    let wanted = asked.map_err(|e| Problem::bad(e.body_text()))?.0.read()?;
    let broken = || Problem::new(StatusCode::SERVICE_UNAVAILABLE, "stopped", "the run broke off");
    let place = places.acquire_owned().await.map_err(|_| broken())?;
    let (lines, mut told) = mpsc::channel(WAITING);
    spawn_blocking(move || {
        let _place = place;
        go(&wanted, &lines);
    });
    let head = told.recv().await.ok_or_else(broken)?.map_err(Problem::bad)?;
    let rest = stream::unfold((Some(head), told), |(head, mut told)| async {
        // Nothing goes wrong once it has begun.
        let line = match head {
            Some(head) => head,
            None => told.recv().await?.ok()?,
        };
        Some((Ok::<_, Infallible>(Bytes::from(line)), (None, told)))
    });
    Ok(([(header::CONTENT_TYPE, "application/x-ndjson"), (header::CACHE_CONTROL, "no-store")], Body::from_stream(rest)))
}

/// Runs it and tells its lines, or what is wrong with it, as long as somebody listens.
fn go(wanted: &Wanted, lines: &mpsc::Sender<Result<String, String>>) {
    let Wanted { setup, experiment, .. } = wanted;
    let subject = match Known::new(setup, experiment) {
        Ok(subject) => subject,
        Err(wrong) => {
            let _ = lines.blocking_send(Err(wrong));
            return;
        }
    };
    let mut listens = true;
    let mut say = |line| {
        listens = listens && lines.blocking_send(line).is_ok();
        listens
    };
    let outcome = subject.watch_timed(experiment, |course| {
        (course.round.cycle > 0 || say(Ok(line::head(wanted)))) && say(Ok(line::cycle(course)))
    });
    say(Ok(line::end(&outcome)));
}

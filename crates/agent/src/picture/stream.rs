//! `/v1/stream`: what happens, as server-sent events. An id is `session.number`; `Last-Event-ID` goes on after it. With
//! `?packets=RATE` packets on their way, too, which have no id.

use super::Picture;
use super::journal::{Entry, Found};
use super::packets::Claim;
use crate::agent::Problem;
use axum::extract::rejection::QueryRejection;
use axum::extract::{Query, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::sse::{Event, KeepAlive, Sse};
use futures_util::{Stream, stream};
use serde::Deserialize;
use serde_json::json;
use std::convert::Infallible;
use std::future::pending;
use tokio::sync::SemaphorePermit;
use tokio::sync::broadcast::error::RecvError;

/// Where a reader stands.
struct Reader {
    picture: Picture,
    after: u64,
    /// To be told first: what it last read is of another life of this agent.
    restarted: bool,
    packets: Option<Claim>,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    /// So many packets a second of each watched node.
    #[serde(default)]
    packets: u32,
}

pub(super) async fn stream(
    State(picture): State<Picture>,
    wanted: Result<Query<Wanted>, QueryRejection>,
    headers: HeaderMap,
) -> Result<Sse<impl Stream<Item = Result<Event, Infallible>>>, Problem> {
    let Query(wanted) = wanted.map_err(|e| Problem::bad(e.body_text()))?;
    let full = || format!("{} streams are open already", picture.streams.0);
    let place = place(&picture).ok_or_else(|| Problem::new(StatusCode::SERVICE_UNAVAILABLE, "too-many-streams", full()))?;
    let packets = (wanted.packets > 0).then(|| picture.claim(wanted.packets));
    let reader = Reader::new(picture, packets, headers.get("last-event-id").and_then(|id| id.to_str().ok()));
    let events = stream::unfold((reader, place), |(mut reader, place)| async move {
        let event = reader.next().await?;
        Some((Ok(event), (reader, place)))
    });
    Ok(Sse::new(events).keep_alive(KeepAlive::default()))
}

/// A place among the open streams, given back when dropped.
struct Place(Picture);

fn place(picture: &Picture) -> Option<Place> {
    picture.streams.1.try_acquire().ok().map(SemaphorePermit::forget)?;
    Some(Place(picture.clone()))
}

impl Drop for Place {
    fn drop(&mut self) {
        self.0.streams.1.add_permits(1);
    }
}

impl Reader {
    fn new(picture: Picture, packets: Option<Claim>, last: Option<&str>) -> Reader {
        let newest = picture.journal.newest();
        let (after, restarted) = match last.and_then(parse) {
            None => (newest, false),
            // A number that was never given is as one of another life.
            Some((session, number)) if session == picture.journal.session && number <= newest => (number, false),
            Some(_) => (0, true),
        };
        Reader { picture, after, restarted, packets }
    }

    async fn next(&mut self) -> Option<Event> {
        if std::mem::take(&mut self.restarted) {
            return Some(lagged(json!({ "kind": "lagged", "restarted": true })));
        }
        let found = tokio::select! {
            biased;
            found = self.picture.journal.next(self.after) => found,
            event = passing(&mut self.packets) => return Some(event),
        };
        match found {
            Found::Entry(entry) => {
                self.after = entry.number;
                Some(told(self.picture.journal.id(entry.number), &entry))
            }
            Found::Lagged(n) => {
                self.after += n;
                Some(lagged(json!({ "kind": "lagged", "missed": n })))
            }
            Found::End => None,
        }
    }
}

/// The next packet; never for whoever asked for none.
async fn passing(packets: &mut Option<Claim>) -> Event {
    let Some(claim) = packets else { return pending().await };
    match claim.passing.recv().await {
        Ok(passing) => Event::default().event(passing.0).data(&passing.1),
        Err(RecvError::Lagged(n)) => lagged(json!({ "kind": "lagged", "missed": n, "of": "packets" })),
        Err(RecvError::Closed) => pending().await,
    }
}

fn told(id: String, entry: &Entry) -> Event {
    Event::default().id(id).event(entry.kind).data(&entry.data)
}

fn lagged(data: serde_json::Value) -> Event {
    Event::default().event("lagged").data(data.to_string())
}

fn parse(id: &str) -> Option<(u64, u64)> {
    let (session, number) = id.split_once('.')?;
    Some((u64::from_str_radix(session, 16).ok()?, number.parse().ok()?))
}

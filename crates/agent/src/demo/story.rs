//! `bruit demo --script`: a fixed story, with a bound on every step.

use super::cluster::{Cluster, Seen, View};
use crate::cli::{DemoOptions, Format};
use crate::output;
use anyhow::Result;
use bruit::Event;
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a step looks whether it is done.
const LOOK: Duration = Duration::from_millis(5);
/// A step that misses its bound goes on until so many times the bound, to say how late it is.
const PATIENCE: u32 = 3;

/// What became of a step.
#[derive(Debug, Serialize)]
struct Step {
    step: &'static str,
    seen: String,
    /// Milliseconds that it may take.
    bound: u64,
    ok: bool,
    /// Milliseconds that it took.
    ms: u64,
    /// Bytes that all nodes sent meanwhile.
    bytes: u64,
}

/// Tells the story; whether every step kept its bound.
pub(super) async fn tell(options: &DemoOptions, format: Format) -> Result<bool> {
    let mut story = Story::begin(options, format).await?;
    let (victim, sleeper, island, leaver) = story.cast();
    story.know_all(1).await?;
    story.event(1).await?;
    story.crash(victim, 7).await?;
    story.restart(victim, 2).await?;
    story.pause(sleeper, 12).await?;
    story.resume(sleeper, 5).await?;
    story.cut(island, 12).await?;
    story.heal(island, 10).await?;
    story.leave(leaver, 2).await?;
    story.stop(2).await?;
    Ok(story.kept)
}

struct Story {
    cluster: Cluster,
    format: Format,
    kept: bool,
    /// Members that anyone suspected or declared dead since it was last emptied.
    accused: Vec<String>,
    /// Deliveries of events since it was last zeroed.
    delivered: usize,
}

/// A step under way.
struct Clock {
    step: &'static str,
    bound: Duration,
    start: Instant,
    bytes: u64,
}

impl Story {
    async fn begin(options: &DemoOptions, format: Format) -> Result<Story> {
        let (start, bound) = (Instant::now(), Duration::from_secs(1));
        let cluster = Cluster::start(options.nodes, options.port).await?;
        let mut story = Story { cluster, format, kept: true, accused: Vec::new(), delivered: 0 };
        let seen = format!("{} nodes on {} and on", options.nodes, story.cluster.slots[0].at);
        story.end(Clock { step: "start", bound, start, bytes: 0 }, true, seen);
        Ok(story)
    }

    /// Who is killed, paused, cut off, and who leaves; the seed is none of them as long as there are enough.
    fn cast(&self) -> (usize, usize, usize, usize) {
        let n = self.cluster.slots.len();
        (n / 2, n - 1, 1, n / 3)
    }

    async fn know_all(&mut self, seconds: u64) -> Result<()> {
        let clock = self.clock("join", seconds);
        self.cluster.join_all().await?;
        self.until(clock, all_know_all).await
    }

    async fn event(&mut self, seconds: u64) -> Result<()> {
        let clock = self.clock("event", seconds);
        self.delivered = 0;
        self.cluster.node(0)?.event("hello", b"from node-1").await?;
        self.until(clock, |story, _| {
            let (n, of) = (story.delivered, story.cluster.running().count());
            (n == of, format!("{n} of {of} heard it"))
        })
        .await
    }

    async fn crash(&mut self, victim: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("kill", seconds);
        self.cluster.kill(victim).await;
        self.until(clock, move |story, views| all_see(story, views, victim, |seen| seen.dead)).await
    }

    async fn restart(&mut self, victim: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("restart", seconds);
        self.cluster.restart(victim).await?;
        self.until(clock, all_know_all).await
    }

    /// Until everyone has given it up: longer than any suspicion.
    async fn pause(&mut self, sleeper: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("pause", seconds);
        self.cluster.pause(sleeper).await?;
        self.until(clock, move |story, views| all_see(story, views, sleeper, |seen| seen.dead)).await
    }

    /// It refutes, and accuses nobody.
    async fn resume(&mut self, sleeper: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("resume", seconds);
        self.accused.clear();
        self.cluster.resume(sleeper)?;
        let name = self.cluster.slots[sleeper].name.clone();
        self.until(clock, move |story, views| {
            let (done, seen) = all_know_all(story, views);
            let others: Vec<&String> = story.accused.iter().filter(|accused| **accused != name).collect();
            let wrong = if others.is_empty() { String::from("nobody accused") } else { format!("accused: {others:?}") };
            (done && others.is_empty(), format!("{seen}, {wrong}"))
        })
        .await
    }

    async fn cut(&mut self, island: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("cut", seconds);
        self.cluster.cut(island, true).await?;
        self.until(clock, move |story, views| all_see(story, views, island, |seen| seen.dead)).await
    }

    async fn heal(&mut self, island: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("heal", seconds);
        self.cluster.cut(island, false).await?;
        self.until(clock, all_know_all).await
    }

    async fn leave(&mut self, leaver: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("leave", seconds);
        self.accused.clear();
        self.cluster.leave(leaver).await?;
        self.until(clock, move |story, views| {
            let (done, seen) = all_see(story, views, leaver, |seen| seen.left);
            (done && story.accused.is_empty(), seen)
        })
        .await
    }

    async fn stop(&mut self, seconds: u64) -> Result<()> {
        let clock = self.clock("stop", seconds);
        for i in 0..self.cluster.slots.len() {
            self.cluster.kill(i).await;
        }
        self.end(clock, true, "0 nodes".into());
        Ok(())
    }

    fn clock(&self, step: &'static str, seconds: u64) -> Clock {
        Clock { step, bound: Duration::from_secs(seconds), start: Instant::now(), bytes: self.cluster.bytes() }
    }

    /// Looks until `done` says so, or patience ends.
    async fn until(&mut self, clock: Clock, done: impl Fn(&Story, &[View]) -> (bool, String)) -> Result<()> {
        loop {
            self.listen();
            let views = self.cluster.views().await;
            let (is_done, seen) = done(self, &views);
            if is_done || clock.start.elapsed() > clock.bound * PATIENCE {
                self.end(clock, is_done, seen);
                return Ok(());
            }
            sleep(LOOK).await;
        }
    }

    fn listen(&mut self) {
        for i in 0..self.cluster.slots.len() {
            for event in self.cluster.news(i) {
                match event {
                    Event::Suspect(member) | Event::Down(member) => self.accused.push(member.record.name().into()),
                    Event::Delivered(_) => self.delivered += 1,
                    _ => {}
                }
            }
        }
    }

    fn end(&mut self, clock: Clock, done: bool, seen: String) {
        let (took, bytes) = (clock.start.elapsed(), self.cluster.bytes() - clock.bytes);
        let bound = clock.bound.as_millis() as u64;
        let step = Step { step: clock.step, seen, bound, ok: done && took <= clock.bound, ms: took.as_millis() as u64, bytes };
        self.kept &= step.ok;
        match self.format {
            Format::Json => output::json(&step),
            Format::Text => println!("{step}"),
        }
    }
}

impl std::fmt::Display for Step {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let Step { step, seen, bound, ok, ms, bytes } = self;
        let verdict = if *ok { "ok" } else { "LATE" };
        write!(f, "{step:<8} {verdict:<4} {ms:>6} of {bound:>6} ms {bytes:>9} B  {seen}")
    }
}

fn all_know_all(story: &Story, views: &[View]) -> (bool, String) {
    let running: Vec<usize> = story.cluster.running().collect();
    let others = running.len() - 1;
    let known = running.iter().filter(|i| story.cluster.seen(**i, views).alive == others).count();
    (known == running.len(), format!("{known} of {} are alive to all", running.len()))
}

fn all_see(story: &Story, views: &[View], i: usize, status: fn(&Seen) -> usize) -> (bool, String) {
    let seen = story.cluster.seen(i, views);
    (status(&seen) == seen.of(), format!("{} is {seen}", story.cluster.slots[i].name))
}

//! `bruit demo --script`: a fixed story, with a bound on every step.

use super::cluster::{Cluster, Seen, View};
use crate::cli::{DemoOptions, Format};
use crate::output;
use anyhow::Result;
use bruit::{Event, PeerId};
use serde::Serialize;
use std::time::Duration;
use tokio::time::{Instant, sleep};

/// How often a step looks whether it is done.
const LOOK: Duration = Duration::from_millis(5);
/// A step that misses its bound goes on until so many times the bound, to say how late it is.
const PATIENCE: u32 = 3;
/// Three periods of failure detection.
const PERIODS: Duration = Duration::from_secs(3);

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
    /// Members that somebody heard are suspected, and by whom, or are dead, since it was last emptied.
    accused: Vec<(String, Option<PeerId>)>,
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

/// How a step ended.
struct Outcome {
    done: bool,
    seen: String,
    took: Duration,
    bytes: u64,
}

impl Story {
    async fn begin(options: &DemoOptions, format: Format) -> Result<Story> {
        let (start, bound) = (Instant::now(), Duration::from_secs(1));
        let cluster = Cluster::start(options.nodes, options.port).await?;
        let mut story = Story { cluster, format, kept: true, accused: Vec::new(), delivered: 0 };
        let seen = format!("{} nodes, the first on {}", options.nodes, story.cluster.slots[0].at);
        let outcome = Outcome { done: true, seen, took: start.elapsed(), bytes: story.cluster.bytes() };
        story.end(Clock { step: "start", bound, start, bytes: 0 }, outcome);
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

    /// It refutes, and accuses nobody: neither at once nor in its next periods.
    async fn resume(&mut self, sleeper: usize, seconds: u64) -> Result<()> {
        let clock = self.clock("resume", seconds);
        self.accused.clear();
        self.cluster.resume(sleeper)?;
        let outcome = self.watch(&clock, all_know_all).await;
        sleep(PERIODS).await;
        self.listen();
        let name = &self.cluster.slots[sleeper].name;
        let by_it = |by: Option<PeerId>| by.is_none_or(|by| by == PeerId::named(name));
        let accused: Vec<&str> = self.accused.iter().filter(|x| x.0 != *name && by_it(x.1)).map(|x| x.0.as_str()).collect();
        let nobody = accused.is_empty();
        let accused = if nobody { "it accuses nobody".into() } else { format!("it accuses {}", accused.join(", ")) };
        self.end(clock, Outcome { done: outcome.done && nobody, seen: format!("{}, {accused}", outcome.seen), ..outcome });
        Ok(())
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
            let dead = story.accused.iter().any(|x| x.0 == story.cluster.slots[leaver].name);
            (done && !dead, seen)
        })
        .await
    }

    async fn stop(&mut self, seconds: u64) -> Result<()> {
        let clock = self.clock("stop", seconds);
        for i in 0..self.cluster.slots.len() {
            self.cluster.kill(i).await;
        }
        let (took, bytes) = (clock.start.elapsed(), self.cluster.bytes() - clock.bytes);
        self.end(clock, Outcome { done: true, seen: "0 nodes".into(), took, bytes });
        Ok(())
    }

    fn clock(&self, step: &'static str, seconds: u64) -> Clock {
        Clock { step, bound: Duration::from_secs(seconds), start: Instant::now(), bytes: self.cluster.bytes() }
    }

    async fn until(&mut self, clock: Clock, done: impl Fn(&Story, &[View]) -> (bool, String)) -> Result<()> {
        let outcome = self.watch(&clock, done).await;
        self.end(clock, outcome);
        Ok(())
    }

    /// Looks until `done` says so, or patience ends.
    async fn watch(&mut self, clock: &Clock, check: impl Fn(&Story, &[View]) -> (bool, String)) -> Outcome {
        loop {
            self.listen();
            let views = self.cluster.views().await;
            let (done, seen) = check(self, &views);
            let took = clock.start.elapsed();
            if done || took > clock.bound * PATIENCE {
                return Outcome { done, seen, took, bytes: self.cluster.bytes() - clock.bytes };
            }
            sleep(LOOK).await;
        }
    }

    fn listen(&mut self) {
        for i in 0..self.cluster.slots.len() {
            for event in self.cluster.news(i) {
                match event {
                    Event::Suspect { member, by } => self.accused.push((member.record.name().into(), Some(by))),
                    Event::Down(member) => self.accused.push((member.record.name().into(), None)),
                    Event::Delivered(_) => self.delivered += 1,
                    _ => {}
                }
            }
        }
    }

    fn end(&mut self, clock: Clock, outcome: Outcome) {
        let Outcome { done, seen, took, bytes } = outcome;
        let (bound, ms) = (clock.bound.as_millis() as u64, took.as_millis() as u64);
        let step = Step { step: clock.step, seen, bound, ok: done && took <= clock.bound, ms, bytes };
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

//! `bruit demo` on a terminal: each node as the others see it, and keys to do things to it.

use super::cluster::{Cluster, Seen, State};
use crate::cli::DemoOptions;
use anyhow::Result;
use bruit::Event;
use ratatui::crossterm::event::{self, Event as Input, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::Line;
use ratatui::widgets::{Block, Paragraph, Row, Table, TableState};
use ratatui::{DefaultTerminal, Frame};
use std::collections::VecDeque;
use std::time::Duration;
use tokio::sync::mpsc;
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often the table is drawn.
const DRAW: Duration = Duration::from_millis(200);
/// Rates are over so many draws: a second.
const RATE_OVER: usize = 5;
/// Lines kept of what happened.
const LOG: usize = 100;
/// Keys that wait to be obeyed.
const KEYS: usize = 16;
const HELP: &str = "↑↓ select   k kill   r restart   p pause/resume   c cut off   h heal   l leave   e event   q quit";

pub(super) async fn show(options: &DemoOptions) -> Result<()> {
    let mut demo = Demo::start(options).await?;
    let terminal = ratatui::init();
    let result = demo.run(terminal).await;
    ratatui::restore();
    result
}

struct Demo {
    cluster: Cluster,
    seen: Vec<Seen>,
    /// What each had sent at the last draws, the newest last.
    sent: VecDeque<Vec<(u64, u64)>>,
    log: VecDeque<String>,
    selected: TableState,
    start: Instant,
    events: u32,
}

impl Demo {
    async fn start(options: &DemoOptions) -> Result<Demo> {
        let cluster = Cluster::start(options.nodes, options.port).await?;
        cluster.join_all().await?;
        let seen = vec![Seen::default(); cluster.slots.len()];
        let selected = TableState::default().with_selected(0);
        let (sent, log) = (VecDeque::new(), VecDeque::new());
        Ok(Demo { cluster, seen, sent, log, selected, start: Instant::now(), events: 0 })
    }

    async fn run(&mut self, mut terminal: DefaultTerminal) -> Result<()> {
        let mut keys = keys();
        let mut draw = interval(DRAW);
        draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                key = keys.recv() => match key {
                    None | Some(KeyCode::Char('q') | KeyCode::Esc) => return Ok(()),
                    Some(key) => if let Err(error) = self.obey(key).await {
                        self.say(format!("{error:#}"));
                    },
                },
                _ = draw.tick() => {
                    self.look().await;
                    terminal.draw(|frame| self.draw(frame))?;
                }
            }
        }
    }

    async fn obey(&mut self, key: KeyCode) -> Result<()> {
        let i = self.selected.selected().unwrap_or(0);
        let name = self.cluster.slots[i].name.clone();
        match key {
            KeyCode::Up => self.selected.select(Some(i.saturating_sub(1))),
            KeyCode::Down => self.selected.select(Some((i + 1).min(self.cluster.slots.len() - 1))),
            KeyCode::Char('k') => {
                self.cluster.kill(i).await;
                self.say(format!("{name} is killed"));
            }
            KeyCode::Char('r') => {
                self.cluster.restart(i).await?;
                self.say(format!("{name} starts again"));
            }
            KeyCode::Char('p') if self.cluster.state(i) == State::Paused => {
                self.cluster.resume(i)?;
                self.say(format!("{name} goes on"));
            }
            KeyCode::Char('p') => {
                self.cluster.pause(i).await?;
                self.say(format!("{name} is paused"));
            }
            KeyCode::Char(c @ ('c' | 'h')) if self.cluster.state(i) != State::Paused => {
                self.cluster.cut(i, c == 'c').await?;
                self.say(format!("{name} is {}", if c == 'c' { "cut off" } else { "connected again" }));
            }
            KeyCode::Char('l') if self.cluster.state(i) == State::Runs => {
                self.say(format!("{name} leaves"));
                self.cluster.leave(i).await?;
            }
            KeyCode::Char('e') if self.cluster.state(i) != State::Paused => {
                self.events += 1;
                self.cluster.node(i)?.event(&format!("event-{}", self.events), b"").await?;
            }
            _ => {}
        }
        Ok(())
    }

    /// Asks every node what it sees, and says what has changed.
    async fn look(&mut self) {
        let views = self.cluster.views().await;
        let mut heard: Vec<(String, usize)> = Vec::new();
        for i in 0..self.cluster.slots.len() {
            let seen = self.cluster.seen(i, &views);
            if (seen.alive, seen.suspect, seen.dead, seen.left)
                != (self.seen[i].alive, self.seen[i].suspect, self.seen[i].dead, self.seen[i].left)
            {
                self.say(format!("{}: {seen}", self.cluster.slots[i].name));
            }
            self.seen[i] = seen;
            for event in self.cluster.news(i) {
                let Event::Delivered(event) = event else { continue };
                match heard.iter_mut().find(|x| *x.0 == *event.name) {
                    Some(x) => x.1 += 1,
                    None => heard.push((event.name.to_string(), 1)),
                }
            }
        }
        for (name, by) in heard {
            self.say(format!("{name} reached {by} nodes"));
        }
        self.sent.push_back((0..self.cluster.slots.len()).map(|i| self.cluster.sent(i)).collect());
        if self.sent.len() > RATE_OVER + 1 {
            self.sent.pop_front();
        }
    }

    fn say(&mut self, line: String) {
        self.log.push_back(format!("{:>7.1} s  {line}", self.start.elapsed().as_secs_f64()));
        if self.log.len() > LOG {
            self.log.pop_front();
        }
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        let rows = self.cluster.slots.len() as u16 + 3;
        let [top, middle, bottom] =
            Layout::vertical([Constraint::Length(rows), Constraint::Min(3), Constraint::Length(1)]).areas(frame.area());
        let widths = [12, 10, 34, 5, 12, 10, 10].map(Constraint::Length);
        let header = Row::new(["name", "state", "as the others see it", "inc", "last change", "packets/s", "bytes/s"]);
        let rows: Vec<Row<'_>> = (0..self.cluster.slots.len()).map(|i| self.row(i)).collect();
        let table = Table::new(rows, widths)
            .header(header.style(Style::new().add_modifier(Modifier::BOLD)))
            .block(Block::bordered().title(" bruit demo "))
            .row_highlight_style(Style::new().add_modifier(Modifier::REVERSED));
        frame.render_stateful_widget(table, top, &mut self.selected);
        let fits = usize::from(middle.height.saturating_sub(2));
        let lines: Vec<Line<'_>> =
            self.log.iter().skip(self.log.len().saturating_sub(fits)).map(|line| Line::from(line.as_str())).collect();
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" what happened ")), middle);
        frame.render_widget(Line::from(HELP), bottom);
    }

    fn row(&self, i: usize) -> Row<'static> {
        let (seen, state) = (&self.seen[i], self.cluster.state(i));
        let (packets, bytes) = self.rate(i);
        let colour = match seen {
            Seen { dead: 1.., .. } => Color::Red,
            Seen { suspect: 1.., .. } => Color::Yellow,
            Seen { left: 1.., .. } => Color::DarkGray,
            Seen { alive: 1.., unknown: 0, .. } => Color::Green,
            _ => Color::Gray,
        };
        let since = seen.since.map_or(String::new(), |since| format!("{:.1} s ago", since.as_secs_f64()));
        let cells = [
            self.cluster.slots[i].name.clone(),
            format!("{state:?}").to_lowercase(),
            seen.to_string(),
            seen.incarnation.to_string(),
            since,
            format!("{packets:.1}"),
            format!("{bytes:.0}"),
        ];
        Row::new(cells).style(Style::new().fg(colour))
    }

    /// Packets and bytes a second.
    fn rate(&self, i: usize) -> (f64, f64) {
        let (Some(first), Some(last)) = (self.sent.front(), self.sent.back()) else { return (0.0, 0.0) };
        let seconds = DRAW.as_secs_f64() * (self.sent.len() - 1).max(1) as f64;
        let per_second = |from: u64, to: u64| to.saturating_sub(from) as f64 / seconds;
        (per_second(first[i].0, last[i].0), per_second(first[i].1, last[i].1))
    }
}

/// Keys, read by a thread of their own: the terminal's reads block.
fn keys() -> mpsc::Receiver<KeyCode> {
    let (pressed, keys) = mpsc::channel(KEYS);
    std::thread::spawn(move || {
        while let Ok(input) = event::read() {
            let Input::Key(key) = input else { continue };
            if key.kind != KeyEventKind::Press {
                continue;
            }
            let ctrl_c = key.code == KeyCode::Char('c') && key.modifiers.contains(KeyModifiers::CONTROL);
            if pressed.blocking_send(if ctrl_c { KeyCode::Esc } else { key.code }).is_err() {
                return;
            }
        }
    });
    keys
}

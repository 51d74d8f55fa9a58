//! `bruit demo` on a terminal: each node as the others see it, the scene that is played, and keys to do things to a node.

use super::order::{Asked, Order, Way};
use super::seen::Seen;
use super::stage::Now;
use crate::picture::{Picture, Runs, Watched};
use anyhow::Result;
use ratatui::crossterm::event::{self, Event as Input, KeyCode, KeyEventKind, KeyModifiers};
use ratatui::layout::{Constraint, Layout, Rect};
use ratatui::style::{Color, Modifier, Style};
use ratatui::text::{Line, Span};
use ratatui::widgets::{Block, Paragraph, Wrap};
use ratatui::{DefaultTerminal, Frame};
use std::collections::{BTreeMap, VecDeque};
use std::net::SocketAddr;
use std::time::Duration;
use tokio::sync::{mpsc, oneshot, watch};
use tokio::time::{Instant, MissedTickBehavior, interval};

/// How often it is drawn.
const DRAW: Duration = Duration::from_millis(200);
/// Lines kept of what happened.
const LOG: usize = 100;
/// Keys that wait to be obeyed.
const KEYS: usize = 16;
/// How wide a node is.
const CELL: u16 = 26;
/// Nodes that a line of the log names one by one.
const NAMED: usize = 6;
/// Lines below a scene's claim.
const DETAILS: u16 = 4;
const HELP: &str = "arrows  k kill  r restart  p pause  c cut off  h heal  l leave  e event  q quit";

pub(super) struct Table {
    picture: Picture,
    now: watch::Receiver<Now>,
    orders: mpsc::Sender<Asked>,
    page: SocketAddr,
    nodes: Vec<(Watched, Seen)>,
    /// Scenes that the log tells of.
    told: usize,
    log: VecDeque<String>,
    selected: usize,
    columns: usize,
    start: Instant,
    events: u32,
    /// What an order came to that failed.
    failed: Vec<oneshot::Receiver<Result<()>>>,
}

impl Table {
    pub(super) fn new(picture: Picture, now: watch::Receiver<Now>, orders: mpsc::Sender<Asked>, page: SocketAddr) -> Table {
        Table {
            picture,
            now,
            orders,
            page,
            nodes: Vec::new(),
            told: 0,
            log: VecDeque::new(),
            selected: 0,
            columns: 1,
            start: Instant::now(),
            events: 0,
            failed: Vec::new(),
        }
    }

    /// Draws and obeys until somebody quits.
    pub(super) async fn run(mut self) -> Result<()> {
        let terminal = ratatui::init();
        let result = self.turns(terminal).await;
        ratatui::restore();
        result
    }

    async fn turns(&mut self, mut terminal: DefaultTerminal) -> Result<()> {
        let mut keys = keys();
        let mut draw = interval(DRAW);
        draw.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tokio::select! {
                key = keys.recv() => match key {
                    None | Some(KeyCode::Char('q') | KeyCode::Esc) => return Ok(()),
                    Some(key) => self.obey(key).await,
                },
                _ = draw.tick() => {
                    self.look().await;
                    terminal.draw(|frame| self.draw(frame))?;
                }
            }
        }
    }

    async fn obey(&mut self, key: KeyCode) {
        let Some((node, _)) = self.nodes.get(self.selected) else { return };
        let (name, last) = (node.name.clone(), self.nodes.len() - 1);
        let order = match key {
            KeyCode::Left => return self.selected = self.selected.saturating_sub(1),
            KeyCode::Right => return self.selected = (self.selected + 1).min(last),
            KeyCode::Up => return self.selected = self.selected.saturating_sub(self.columns),
            KeyCode::Down => return self.selected = (self.selected + self.columns).min(last),
            KeyCode::Char('k') => Order::Kill(name),
            KeyCode::Char('r') => Order::Restart(name),
            KeyCode::Char('p') if node.runs == Runs::Paused => Order::Resume(name),
            KeyCode::Char('p') => Order::Pause(name),
            KeyCode::Char('c') => Order::Cut(vec![name], Way::Both),
            KeyCode::Char('h') => Order::Heal,
            KeyCode::Char('l') => Order::Leave(name),
            KeyCode::Char('e') => return self.event(&name).await,
            _ => return,
        };
        self.say(order.to_string());
        let (answer, answered) = oneshot::channel();
        // Full: the last orders are still being done.
        if self.orders.try_send((order, answer)).is_ok() {
            self.failed.push(answered);
        }
    }

    async fn event(&mut self, name: &str) {
        self.events += 1;
        let event = format!("event-{}", self.events);
        let said = match self.picture.node(Some(name)) {
            Ok(node) => node.event(&event, b"").await.map_err(|e| e.to_string()),
            Err(problem) => Err(problem.detail().into()),
        };
        self.say(match said {
            Ok(_) => format!("{name} says {event}"),
            Err(why) => why,
        });
    }

    /// Asks every node what it sees, and says what has changed.
    async fn look(&mut self) {
        let watched = self.picture.everyone();
        let views = self.picture.views(&watched).await;
        let (mut nodes, mut changed) = (Vec::new(), BTreeMap::<String, Vec<String>>::new());
        for (i, one) in watched.into_iter().enumerate() {
            let others = views.iter().enumerate().filter(|(j, _)| *j != i).filter_map(|(_, view)| view.as_ref());
            let seen = Seen::by(others, &one.name);
            if self.nodes.get(i).is_some_and(|(_, before)| before.words() != seen.words()) {
                changed.entry(seen.to_string()).or_default().push(one.name.clone());
            }
            nodes.push((one, seen));
        }
        self.nodes = nodes;
        for (seen, names) in changed {
            let more = names.len().saturating_sub(NAMED);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            self.say(format!("{}{more}: {seen}", names[..names.len().min(NAMED)].join(", ")));
        }
        let scenes = self.picture.scenes();
        let scenes = scenes.as_array().map(Vec::as_slice).unwrap_or_default();
        for scene in scenes.iter().skip(self.told) {
            let verdict = if scene["ok"] == true { "ok" } else { "LATE" };
            let (step, seen) = (scene["step"].as_str().unwrap_or_default(), scene["seen"].as_str().unwrap_or_default());
            self.say(format!("{step} {verdict}, {} of {} ms: {seen}", scene["ms"], scene["bound"]));
        }
        self.told = scenes.len();
        let failed: Vec<String> =
            self.failed.iter_mut().filter_map(|x| x.try_recv().ok()?.err()).map(|e| format!("{e:#}")).collect();
        failed.into_iter().for_each(|why| self.say(why));
        self.failed.retain(|x| !x.is_terminated());
    }

    fn say(&mut self, line: String) {
        self.log.push_back(format!("{:>6.1} s  {line}", self.start.elapsed().as_secs_f64()));
        if self.log.len() > LOG {
            self.log.pop_front();
        }
    }

    fn draw(&mut self, frame: &mut Frame<'_>) {
        self.columns = usize::from((frame.area().width.saturating_sub(2) / CELL).max(1));
        let rows = self.nodes.len().div_ceil(self.columns) as u16 + 2;
        let parts = [Constraint::Max(rows), Constraint::Length(DETAILS + 4), Constraint::Min(3), Constraint::Length(1)];
        let [top, scene, log, bottom] = Layout::vertical(parts).areas(frame.area());
        self.draw_nodes(frame, top);
        self.draw_scene(frame, scene);
        self.draw_log(frame, log);
        frame.render_widget(Line::from(HELP), bottom);
    }

    fn draw_nodes(&self, frame: &mut Frame<'_>, area: Rect) {
        let block = Block::bordered().title(format!(" bruit demo, {} nodes: http://{}/ ", self.nodes.len(), self.page));
        let cells: Vec<Span<'_>> = self.nodes.iter().enumerate().map(|(i, node)| cell(node, i == self.selected)).collect();
        let lines: Vec<Line<'_>> = cells.chunks(self.columns).map(|row| Line::from(row.to_vec())).collect();
        frame.render_widget(Paragraph::new(lines).block(block), area);
    }

    fn draw_scene(&self, frame: &mut Frame<'_>, area: Rect) {
        let now = self.now.borrow().clone();
        let playing = now.step.is_empty();
        let title = if playing { " yours ".into() } else { format!(" {} ", now.step) };
        let mut lines = vec![Line::styled(now.claim, Style::new().add_modifier(Modifier::BOLD))];
        lines.extend(now.lines.iter().map(|line| Line::from(line.as_str())));
        if let Some((node, seen)) = self.nodes.get(self.selected).filter(|_| playing) {
            let phi = seen.phi.map_or("-".into(), |phi| format!("{phi:.1}"));
            lines = vec![
                Line::from(format!("{} at {}, {}", node.name, node.address, node.runs.word())),
                Line::from(format!("the others: {seen}, incarnation {}, phi at most {phi}", seen.incarnation)),
            ];
        }
        frame.render_widget(Paragraph::new(lines).wrap(Wrap { trim: false }).block(Block::bordered().title(title)), area);
    }

    fn draw_log(&self, frame: &mut Frame<'_>, area: Rect) {
        let fits = usize::from(area.height.saturating_sub(2));
        let lines: Vec<Line<'_>> =
            self.log.iter().skip(self.log.len().saturating_sub(fits)).map(|line| Line::from(line.as_str())).collect();
        frame.render_widget(Paragraph::new(lines).block(Block::bordered().title(" what happened ")), area);
    }
}

/// One node as the others see it: a sign and a colour for the worst that anyone says, and by how many.
fn cell((node, seen): &(Watched, Seen), selected: bool) -> Span<'static> {
    let (sign, word, by, colour) = match seen {
        Seen { dead: by @ 1.., .. } => ('x', "dead", *by, Color::Red),
        Seen { suspect: by @ 1.., .. } => ('?', "suspect", *by, Color::Yellow),
        Seen { left: by @ 1.., .. } => ('-', "left", *by, Color::DarkGray),
        Seen { alive: by @ 1.., .. } => ('o', "alive", *by, Color::Green),
        _ => ('.', "unknown", seen.unknown, Color::Gray),
    };
    let runs = match node.runs {
        Runs::Freely => "",
        other => other.word(),
    };
    let text = format!("{sign} {:<4}{word:<8}{:<6}{runs:<8}", node.name, format!("{by}/{}", seen.of()));
    let style = Style::new().fg(colour);
    Span::styled(text, if selected { style.add_modifier(Modifier::REVERSED) } else { style })
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

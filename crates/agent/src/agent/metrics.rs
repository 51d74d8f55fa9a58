//! `/metrics`: Prometheus text format, base units.

mod state;

use super::api::census;

use super::problem::Problem;
use super::state::Agent;
use crate::picture::unix_ms;
use crate::process;
use std::fmt::{Display, Write};

/// What is being written.
#[derive(Default)]
struct Page(String);

impl Page {
    /// One family: each sample is its labels, written out, and its value.
    fn family<V: Display>(&mut self, name: &str, kind: &str, help: &str, samples: impl IntoIterator<Item = (String, V)>) {
        let _ = write!(self.0, "# HELP bruit_{name} {help}\n# TYPE bruit_{name} {kind}\n");
        for (labels, value) in samples {
            let labels = if labels.is_empty() { labels } else { format!("{{{labels}}}") };
            let _ = writeln!(self.0, "bruit_{name}{labels} {value}");
        }
    }

    /// What every process has, by the names that Prometheus gives it.
    fn of_process<V: Display>(&mut self, name: &str, kind: &str, help: &str, value: V) {
        let _ = write!(self.0, "# HELP process_{name} {help}\n# TYPE process_{name} {kind}\nprocess_{name} {value}\n");
    }

    fn gauge<V: Display>(&mut self, name: &str, help: &str, value: V) {
        self.family(name, "gauge", help, [(String::new(), value)]);
    }

    fn counter(&mut self, name: &str, help: &str, value: u64) {
        self.family(name, "counter", help, [(String::new(), value)]);
    }

    fn counters<const N: usize>(&mut self, name: &str, help: &str, label: &str, samples: [(&str, u64); N]) {
        self.family(name, "counter", help, samples.map(|(value, n)| (format!("{label}=\"{value}\""), n)));
    }
}

pub(super) async fn text(agent: &Agent) -> Result<String, Problem> {
    let mut page = Page::default();
    let version = format!("version=\"{}\"", env!("CARGO_PKG_VERSION"));
    page.family("build_info", "gauge", "Which version runs.", [(version, 1)]);
    let members = census(&agent.node.members().await?);
    let by_state = members.iter().map(|(state, n)| (format!("state=\"{state}\""), *n));
    page.family("members", "gauge", "Members known, this one included.", by_state);
    page.counters("member_transitions_total", "Members that became this.", "to", agent.picture.journal.transitions());
    membership(&mut page, agent).await?;
    events(&mut page, agent).await?;
    state::write(&mut page, agent).await?;
    traffic(&mut page, agent).await?;
    page.gauge("control_streams", "Open streams of events.", agent.picture.open_streams());
    process(&mut page, agent);
    Ok(page.0)
}

async fn membership(page: &mut Page, agent: &Agent) -> Result<(), Problem> {
    let look = agent.node.handle().look(|core| (core.swim().counters(), core.swim().health(), core.swim().is_isolated()));
    let (c, score, isolated) = look.await?;
    page.gauge("local_health_score", "Local health: 0 is healthy, 7 the worst.", score);
    page.gauge("isolated", "Whether nobody answers.", u8::from(isolated));
    page.counter("probes_total", "Probes begun.", c.probes);
    let stages = [("direct", c.probes_indirect), ("all", c.probes_failed)];
    page.counters("probe_failures_total", "Probes that got no answer at this stage.", "stage", stages);
    page.counter("suspicions_begun_total", "Suspicions begun here, by own probe or by word.", c.suspicions);
    let results = [("refuted", c.refuted), ("confirmed", c.declared_dead)];
    page.counters("suspicions_total", "Suspicions ended here.", "result", results);
    page.counter("refutations_total", "Accusations against this node that it refuted.", c.refutations);
    let syncs = [("delta", c.deltas), ("full", c.full_syncs), ("sent_on", c.sent_on)];
    page.counters("syncs_total", "Synchronisations: deltas begun, full ones served, joiners sent on.", "kind", syncs);
    let refused =
        [("news", c.news_dropped), ("talks", c.talks_refused), ("relays", c.relays_refused), ("members", c.members_refused)];
    page.counters("membership_dropped_total", "What membership dropped because there was too much.", "what", refused);
    Ok(())
}

async fn events(page: &mut Page, agent: &Agent) -> Result<(), Problem> {
    let look = agent.node.handle().look(|full| (full.events().counters(), full.core().carrier().map(|carrier| carrier.sent())));
    let (c, carried) = look.await?;
    let kinds = [
        ("said", c.said),
        ("new", c.news),
        ("delivered", c.delivered),
        ("duplicate", c.duplicates),
        ("old", c.old),
        ("too_far", c.too_far),
    ];
    page.counters("events_total", "User events, by what became of them here.", "kind", kinds);
    let sent = [
        ("relayed", c.relayed),
        ("piggybacked", c.piggybacked),
        ("pushed", c.pushed),
        ("repaired", c.repaired),
        ("carried", carried.unwrap_or_default()),
    ];
    page.counters("event_copies_sent_total", "Copies of user events sent.", "how", sent);
    page.counter("events_backlog_dropped_total", "Events dropped from what waits to be sent.", c.backlog_dropped);
    Ok(())
}

async fn traffic(page: &mut Page, agent: &Agent) -> Result<(), Problem> {
    let t = agent.node.traffic();
    let both = |transport: &str, dir: &str| format!("transport=\"{transport}\",dir=\"{dir}\"");
    let bytes = [
        (both("udp", "out"), t.packet_bytes_out),
        (both("udp", "in"), t.packet_bytes_in),
        (both("tcp", "out"), t.stream_bytes_out),
        (both("tcp", "in"), t.stream_bytes_in),
    ];
    page.family("bytes_total", "counter", "Payload bytes over the node's sockets.", bytes);
    let packets = [(both("udp", "out"), t.packets_out), (both("udp", "in"), t.packets_in)];
    page.family("packets_total", "counter", "Datagrams over the node's sockets.", packets);
    let errors = [
        ("packet_refused", t.packets_refused),
        ("packet_too_large", t.packets_too_large),
        ("stream_refused", t.streams_refused),
        ("accept", t.accept_errors),
        ("receive", t.receive_errors),
    ];
    page.counters("socket_errors_total", "What the node's sockets would not do.", "what", errors);
    let counters = agent.node.counters().await?;
    let d = counters.dropped();
    let dropped = [
        ("unknown_peer", d.unknown_peer),
        ("unknown_message", d.unknown_message),
        ("too_large", d.too_large),
        ("forgotten_path", d.forgotten_path),
        ("stream_over", d.stream_over),
        ("stream_overflow", d.stream_overflow),
        ("outbound_full", d.outbound_full),
        ("inbound_full", d.inbound_full),
        ("held_full", d.held_full),
        ("contacts", d.contacts),
    ];
    page.counters("sends_dropped_total", "What this node did not send or do.", "reason", dropped);
    let rejected = counters.rejected().iter().map(|(why, n)| (format!("reason=\"{why}\""), *n));
    page.family("packets_dropped_total", "counter", "What peers sent and this node refused.", rejected);
    multicast(page, agent).await
}

/// Nothing without a group.
async fn multicast(page: &mut Page, agent: &Agent) -> Result<(), Problem> {
    if let Some(group) = agent.node.group().await? {
        page.counter("multicast_sent_total", "Datagrams said to the group.", group.sent);
        page.counter("multicast_received_total", "Datagrams of others that came by the group and verified.", group.received);
        let refused = group.refused().iter().map(|(why, n)| (format!("why=\"{why}\""), *n));
        page.family("multicast_refused_total", "counter", "What came by the group and was not taken.", refused);
    }
    Ok(())
}

fn process(page: &mut Page, agent: &Agent) {
    let start = unix_ms(agent.started_at) as f64 / 1000.0;
    page.of_process("start_time_seconds", "gauge", "When the agent started, in Unix time.", start);
    // Elsewhere than on Linux there is nothing to tell.
    if let Ok(used) = process::cpu() {
        page.of_process("cpu_seconds_total", "counter", "Processor time, user and system.", used.as_secs_f64());
    }
    if let Ok(bytes) = process::resident() {
        page.of_process("resident_memory_bytes", "gauge", "Resident memory.", bytes);
    }
    if let Ok(files) = process::open_files() {
        page.of_process("open_fds", "gauge", "Open files.", files);
    }
}

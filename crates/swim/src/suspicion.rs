use crate::cases::Cases;
use crate::member::{Status, beats, is_far_ahead};
use crate::message::MAX_ACCUSERS;
use crate::{Config, Event, Swim, Timer, Update, earlier};
use bruit_proto::{Context, Duration, Origin, PeerId, Time, mutant};
use std::collections::BTreeMap;

/// Members under suspicion.
pub(crate) struct Suspicions {
    of: BTreeMap<PeerId, Suspicion>,
    pub(crate) cases: Cases,
}

bruit_kit::idle!(Suspicions { of: BTreeMap::new(), cases: Cases::NONE });

struct Suspicion {
    incarnation: u64,
    /// The initiator first, then each confirmation once.
    accusers: Vec<PeerId>,
    since: Time,
    /// Last calls made so far.
    calls: u32,
}

/// Last calls before a suspicion ends: one probe timeout before, and half of one.
const LAST_CALLS: u32 = 2;

impl Suspicions {
    pub(crate) fn accusers(&self, peer: PeerId) -> &[PeerId] {
        self.of.get(&peer).map_or(&[], |s| &s.accusers)
    }

    pub(crate) fn as_update(&self, peer: PeerId) -> Option<Update> {
        let s = self.of.get(&peer)?;
        Some(Update::Suspect { peer, incarnation: s.incarnation, accusers: s.accusers.clone() })
    }

    /// Ends a suspicion; whether there was one.
    pub(crate) fn end(&mut self, peer: PeerId) -> bool {
        if mutant("suspicion fires although refuted") && self.of.contains_key(&peer) {
            return true;
        }
        self.of.remove(&peer).is_some()
    }

    /// This node stood still for `lost`: every suspicion lasts that much longer.
    pub(crate) fn shift(&mut self, lost: Duration) {
        self.of.values_mut().for_each(|s| s.since = s.since + lost);
    }
}

/// How long a suspicion lasts among `n` members with `confirmations` beyond the initiator.
///
/// Lifeguard section IV-B: min = alpha x max(1, log10 n) x period, max = beta x min,
/// `max - (max - min) x ln(c + 1) / ln(k + 1)`, at least min, floored to a millisecond as memberlist does.
pub fn suspicion_timeout(config: &Config, n: u32, confirmations: u32) -> Duration {
    let log = (libm::log10(f64::from(n.max(1))).max(1.0) * 1000.0) as u32;
    let min = config.probe_every * config.suspicion_tenths * log / 10_000;
    let k = config.confirmations(n);
    if k == 0 {
        return min;
    }
    let max = min * config.suspicion_max;
    let share = libm::log(f64::from(confirmations) + 1.0) / libm::log(f64::from(k) + 1.0);
    let cut = libm::ceil((max - min).as_millis() as f64 * share) as u64;
    Duration::from_millis((max.as_millis() as u64).saturating_sub(cut)).max(min)
}

impl Swim {
    pub(crate) fn on_suspect(
        &mut self,
        cx: &mut Context<'_, Self>,
        from: Origin,
        peer: PeerId,
        incarnation: u64,
        accusers: &[PeerId],
    ) {
        let Some(held) = self.members.get(peer) else { return };
        if is_far_ahead(incarnation, held.incarnation) {
            return cx.reject(from, "incarnation far ahead");
        }
        self.accuse(cx, peer, incarnation, accusers, from.peer);
    }

    /// Begins a suspicion, or confirms one.
    pub(crate) fn accuse(
        &mut self,
        cx: &mut Context<'_, Self>,
        peer: PeerId,
        incarnation: u64,
        accusers: &[PeerId],
        from: Option<PeerId>,
    ) {
        let Some(held) = self.members.get(peer) else { return };
        let begins = beats((incarnation, Status::Suspect), (held.incarnation, held.status));
        if !begins && (held.status, held.incarnation) != (Status::Suspect, incarnation) {
            return;
        }
        if begins {
            self.members.update(peer, |m| {
                m.status = Status::Suspect;
                m.incarnation = incarnation;
                m.since = cx.now;
            });
            self.busy.suspicions.of.insert(peer, Suspicion { incarnation, accusers: vec![], since: cx.now, calls: 0 });
            self.busy.suspicions.cases.open(peer, incarnation, cx.now, from, self.health.score());
            self.busy.counters.suspicions += 1;
            cx.notify(Event::Suspected { peer, by: accusers[0] });
        }
        if self.add_accusers(cx.now, peer, accusers) {
            self.wait_for_suspicions(cx);
            let update = self.busy.suspicions.as_update(peer).expect("it is suspected");
            self.spread(cx, update, from);
        } else {
            self.heard_again(peer);
        }
    }

    /// Adds those who are new; the accused itself does not count. Whether any was.
    fn add_accusers(&mut self, now: Time, peer: PeerId, accusers: &[PeerId]) -> bool {
        let Suspicions { of, cases } = &mut self.busy.suspicions;
        let Some(suspicion) = of.get_mut(&peer) else { return false };
        let before = suspicion.accusers.len();
        for accuser in accusers {
            let known = suspicion.accusers.contains(accuser) && !mutant("counter of confirmations counts one accuser twice");
            if suspicion.accusers.len() < MAX_ACCUSERS && *accuser != peer && !known {
                suspicion.accusers.push(*accuser);
                cases.accused(peer, *accuser, now);
            }
        }
        suspicion.accusers.len() > before
    }

    fn ends_at(&self, suspicion: &Suspicion) -> Time {
        let confirmations = suspicion.accusers.len().saturating_sub(1) as u32;
        suspicion.since + suspicion_timeout(&self.config, self.members.count(), confirmations)
    }

    /// When this suspicion next asks for attention: a last call, or its end.
    fn attention(&self, suspicion: &Suspicion) -> Time {
        let end = self.ends_at(suspicion);
        if !self.has_last_call() || suspicion.calls >= LAST_CALLS {
            return end;
        }
        end - self.config.probe_timeout / (suspicion.calls + 1)
    }

    pub(crate) fn wait_for_suspicions(&mut self, cx: &mut Context<'_, Self>) {
        if mutant("suspicion timer never set") {
            return;
        }
        let next = self.busy.suspicions.of.values().fold(None, |next, s| earlier(next, Some(self.attention(s))));
        match next {
            Some(at) => cx.set(Timer::Suspicion, at.since(cx.now)),
            None => cx.cancel(Timer::Suspicion),
        }
    }

    /// Makes the last calls and ends the suspicions that are due (SWIM section 4.2).
    pub(crate) fn end_suspicions(&mut self, cx: &mut Context<'_, Self>) {
        let due: Vec<PeerId> =
            self.busy.suspicions.of.iter().filter(|(_, s)| self.attention(s) <= cx.now).map(|(p, _)| *p).collect();
        for peer in due {
            let suspicion = &self.busy.suspicions.of[&peer];
            if self.has_last_call() && suspicion.calls < LAST_CALLS && self.ends_at(suspicion) > cx.now {
                self.busy.suspicions.of.get_mut(&peer).expect("it is due").calls += 1;
                let seq = self.next_seq();
                self.send_ping(cx, peer, seq);
            } else {
                let incarnation = suspicion.incarnation;
                self.busy.suspicions.of.remove(&peer);
                self.declare_dead(cx, peer, incarnation);
            }
        }
        self.wait_for_suspicions(cx);
    }

    fn declare_dead(&mut self, cx: &mut Context<'_, Self>, peer: PeerId, incarnation: u64) {
        let incarnation = if mutant("suspicion fires although refuted") {
            self.members.get(peer).map_or(incarnation, |m| m.incarnation)
        } else {
            incarnation
        };
        self.busy.counters.declared_dead += 1;
        self.bury(cx, peer, incarnation, Status::Dead, None);
        self.remember_change(peer);
        let by = self.id();
        self.spread(cx, Update::Dead { peer, incarnation, by }, None);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Profile;

    fn ms(config: &Config, n: u32) -> [u128; 4] {
        [0, 1, 2, 3].map(|c| suspicion_timeout(config, n, c).as_millis())
    }

    /// Lifeguard section IV-B with memberlist's values (serf-wire section 8.3): n = 100 lasts 8 to 48 s, n = 1000 12
    /// to 72 s, n = 3 exactly 4 s.
    #[test]
    fn memberlists_timeouts() {
        let config = Config::memberlist(Profile::Lan);
        assert_eq!(ms(&config, 3)[0], 4000);
        assert_eq!((ms(&config, 100)[0], ms(&config, 100)[2]), (48_000, 8000));
        assert_eq!((ms(&config, 1000)[0], ms(&config, 1000)[2]), (72_000, 12_000));
    }

    /// The library's own table for min 2 s, max 30 s, k = 3: 30, 16, 7.81, 2 s.
    #[test]
    fn table_of_four() {
        let mut config = Config::memberlist(Profile::Lan);
        (config.suspicion_tenths, config.suspicion_max, config.probe_every) = (50, 15, Duration::from_millis(400));
        assert_eq!(ms(&config, 10), [30_000, 16_000, 7_810, 2_000]);
    }

    #[test]
    fn ours_is_short_once_four_agree() {
        let config = Config::of(Profile::Lan);
        assert_eq!(ms(&config, 8), [4800, 2800, 1630, 800]);
        assert_eq!(ms(&config, 64)[3], 1444);
        assert_eq!(ms(&config, 1000)[3], 2400);
    }
}

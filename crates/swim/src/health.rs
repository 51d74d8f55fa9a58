use bruit_proto::Duration;

/// Local health (Lifeguard section IV-A): how much this node trusts its own view of others, 0 at best.
#[derive(Debug)]
pub(crate) struct Health {
    score: u8,
    limit: u8,
}

impl Health {
    /// Scores stay below `limit`.
    pub(crate) fn new(limit: u8) -> Health {
        Health { score: 0, limit: limit.max(1) }
    }

    pub(crate) fn score(&self) -> u8 {
        self.score
    }

    /// A failed probe, a missed nack, an accusation that had to be refuted, a pause.
    pub(crate) fn worse(&mut self, by: u8) {
        self.score = self.score.saturating_add(by).min(self.limit - 1);
    }

    /// A probe that was answered.
    pub(crate) fn better(&mut self) {
        self.score = self.score.saturating_sub(1);
    }

    /// LHA-Probe: intervals grow by the score plus one.
    pub(crate) fn scale(&self, span: Duration) -> Duration {
        span * u32::from(self.score + 1)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Lifeguard section IV-A: saturates at both ends; interval and timeout scale by LHM + 1.
    #[test]
    fn saturates_and_scales() {
        let mut h = Health::new(8);
        h.better();
        assert_eq!(h.score(), 0);
        h.worse(3);
        assert_eq!(h.scale(Duration::from_secs(1)), Duration::from_secs(4));
        h.worse(200);
        assert_eq!(h.score(), 7);
    }
}

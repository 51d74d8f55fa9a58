use bruit_proto::Time;

/// At most so many a second, and as many at once after a quiet second.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Limit {
    per_second: u64,
    /// In millionths.
    credit: u64,
    at: Option<Time>,
}

impl Limit {
    pub(crate) fn new(per_second: u64) -> Limit {
        Limit { per_second, credit: per_second * 1_000_000, at: None }
    }

    /// Whether one more may be done now.
    pub(crate) fn allow(&mut self, now: Time) -> bool {
        let waited = self.at.map_or(0, |at| now.since(at).as_micros().min(1_000_000) as u64);
        self.at = Some(now);
        self.credit = (self.credit + waited * self.per_second).min(self.per_second * 1_000_000);
        let yes = self.credit >= 1_000_000;
        self.credit -= if yes { 1_000_000 } else { 0 };
        yes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn so_many_a_second_and_no_more() {
        let mut limit = Limit::new(8);
        let taken = |limit: &mut Limit, t: u64| (0..100).filter(|_| limit.allow(Time(t))).count();
        assert_eq!(taken(&mut limit, 5), 8);
        assert_eq!(taken(&mut limit, 500_005), 4);
        assert_eq!(taken(&mut limit, 90_000_000), 8);
    }
}

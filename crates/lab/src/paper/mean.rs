/// The mean of many runs, and how sure it is.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Mean {
    n: f64,
    sum: f64,
    squares: f64,
}

impl Mean {
    pub(crate) fn add(&mut self, x: f64) {
        self.n += 1.0;
        self.sum += x;
        self.squares += x * x;
    }

    pub(crate) fn mean(&self) -> f64 {
        self.sum / self.n.max(1.0)
    }

    /// The standard error of the mean.
    pub(crate) fn error(&self) -> f64 {
        self.error_of(self.n)
    }

    /// What it would be of so many runs.
    pub(crate) fn error_of(&self, runs: f64) -> f64 {
        let variance = self.squares / self.n.max(1.0) - self.mean() * self.mean();
        (variance.max(0.0) / (runs - 1.0).max(1.0)).sqrt()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_of_five_figures() {
        let mut mean = Mean::default();
        [1.0, 2.0, 3.0, 4.0, 5.0].into_iter().for_each(|x| mean.add(x));
        assert!((mean.mean() - 3.0).abs() < 1e-12 && (mean.error() - 0.5_f64.sqrt()).abs() < 1e-12);
        assert!((mean.error_of(9.0) - 0.5).abs() < 1e-12);
    }
}

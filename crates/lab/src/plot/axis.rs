use super::figure::{figure, raised};

/// How values become distances.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Scale {
    /// Equal distances are equal differences.
    Linear,
    /// Equal distances are equal factors; ticks are powers of ten. What is not above 0 has no place.
    Log10,
    /// The same with powers of two.
    Log2,
}

/// One axis of a plot.
#[derive(Clone, Debug, PartialEq)]
pub struct Axis {
    /// What is measured, with its unit.
    pub label: String,
    /// How values become distances.
    pub scale: Scale,
}

impl Axis {
    /// An axis of equal differences.
    pub fn linear(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Linear }
    }

    /// An axis of equal factors, in powers of ten.
    pub fn log10(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Log10 }
    }

    /// An axis of equal factors, in powers of two.
    pub fn log2(label: impl Into<String>) -> Axis {
        Axis { label: label.into(), scale: Scale::Log2 }
    }
}

/// An axis that values were laid on: where it begins and ends, and its ticks.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Laid {
    scale: Scale,
    low: f64,
    high: f64,
    /// Where they stand, as shares of the axis, and what they say.
    pub(super) ticks: Vec<(f64, String)>,
}

impl Laid {
    /// Over all `values` that have a place, with about `wanted` ticks.
    pub(super) fn over(scale: Scale, values: impl Iterator<Item = f64>, wanted: usize) -> Laid {
        let placed = values.filter_map(|value| place(scale, value));
        let (low, high) = placed.fold((f64::INFINITY, f64::NEG_INFINITY), |(low, high), x| (low.min(x), high.max(x)));
        let (low, high) = if low <= high { (low, high) } else { (0.0, 1.0) };
        let marks = match scale {
            Scale::Linear => linear(low, high, wanted),
            Scale::Log10 => decades(low, high, wanted),
            Scale::Log2 => powers(low, high, wanted),
        };
        let mut laid = Laid { scale, low: marks[0].0, high: marks[marks.len() - 1].0, ticks: Vec::new() };
        laid.low = laid.low.min(low);
        laid.high = laid.high.max(high);
        laid.ticks = marks.into_iter().map(|(at, text)| (laid.share(at), text)).collect();
        laid
    }

    /// Where a value stands, as a share of the axis; none if it has no place.
    pub(super) fn at(&self, value: f64) -> Option<f64> {
        place(self.scale, value).map(|x| self.share(x))
    }

    fn share(&self, placed: f64) -> f64 {
        (placed - self.low) / (self.high - self.low)
    }
}

/// A value on its scale, before it is laid out.
fn place(scale: Scale, value: f64) -> Option<f64> {
    let placed = match scale {
        Scale::Linear => value,
        Scale::Log10 => libm::log10(value),
        Scale::Log2 => libm::log2(value),
    };
    placed.is_finite().then_some(placed)
}

/// Ticks at round differences: 1, 2 or 5 times a power of ten.
fn linear(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    // An axis that nearly begins at zero begins there.
    let low = if low > 0.0 && low < 0.4 * high { 0.0 } else { low };
    let step = round_step(if high > low { high - low } else { high.abs().max(1.0) } / wanted as f64);
    let (first, last) = (libm::floor(low / step), libm::ceil(high / step));
    let last = last.max(first + 1.0);
    (0..=(last - first) as i32).map(|i| (first + f64::from(i)) * step).map(|at| (at, figure(at))).collect()
}

/// The least of 1, 2, 5 times a power of ten that is not below.
fn round_step(least: f64) -> f64 {
    let power = libm::exp10(libm::floor(libm::log10(least)));
    [1.0, 2.0, 5.0, 10.0].map(|round| round * power).into_iter().find(|step| *step >= least * 0.999).unwrap_or(10.0 * power)
}

/// Ticks at powers of ten and, if those are few, at 2 and 5 times them.
fn decades(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let (first, last) = (libm::floor(low) as i32, libm::ceil(high) as i32);
    if last - first <= 2 {
        let all = (first..=last).flat_map(|power| [1.0, 2.0, 5.0].map(|times| times * libm::exp10(f64::from(power))));
        let marks: Vec<f64> = all.collect();
        let below = marks.iter().rposition(|mark| libm::log10(*mark) <= low).unwrap_or(0);
        let above = marks.iter().position(|mark| libm::log10(*mark) >= high).unwrap_or(marks.len() - 1).max(below + 1);
        return marks[below..=above].iter().map(|mark| (libm::log10(*mark), figure(*mark))).collect();
    }
    let text = |power: i32| match power {
        -3..=3 if first >= -3 && last <= 4 => figure(libm::exp10(f64::from(power))),
        _ => format!("10{}", raised(power)),
    };
    spaced(first, last, wanted).map(|power| (f64::from(power), text(power))).collect()
}

/// Ticks at powers of two, of which the first and the last enclose all.
fn powers(low: f64, high: f64, wanted: usize) -> Vec<(f64, String)> {
    let (first, last) = (libm::floor(low) as i32, libm::ceil(high) as i32);
    spaced(first, last.max(first + 1), wanted).map(|power| (f64::from(power), format!("2{}", raised(power)))).collect()
}

/// Whole numbers from `first` up to `last` or just beyond, about as many as wanted.
fn spaced(first: i32, last: i32, wanted: usize) -> impl Iterator<Item = i32> {
    let span = last.abs_diff(first);
    let step = span.div_ceil(wanted as u32).max(1);
    (0..=span.div_ceil(step)).map(move |i| first + (i * step) as i32)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ticks(scale: Scale, values: &[f64]) -> Vec<String> {
        Laid::over(scale, values.iter().copied(), 6).ticks.into_iter().map(|tick| tick.1).collect()
    }

    #[test]
    fn ticks_are_round_and_enclose_all() {
        assert_eq!(ticks(Scale::Linear, &[9.2, 35.0]), ["0", "10", "20", "30", "40"]);
        assert_eq!(ticks(Scale::Linear, &[0.31, 0.352]), ["0.31", "0.32", "0.33", "0.34", "0.35", "0.36"]);
        assert_eq!(ticks(Scale::Log10, &[0.0012, 0.96]), ["0.001", "0.01", "0.1", "1"]);
        assert_eq!(ticks(Scale::Log10, &[4e-6, 0.03]), ["10⁻⁶", "10⁻⁵", "10⁻⁴", "10⁻³", "10⁻²", "10⁻¹"]);
        assert_eq!(ticks(Scale::Log10, &[3.0, 40.0]), ["2", "5", "10", "20", "50"]);
        assert_eq!(ticks(Scale::Log2, &[1024.0, 1_048_576.0]), ["2¹⁰", "2¹²", "2¹⁴", "2¹⁶", "2¹⁸", "2²⁰"]);
    }

    #[test]
    fn values_stand_between_the_ends_or_nowhere() {
        let laid = Laid::over(Scale::Log10, [0.001, 1.0].into_iter(), 6);
        assert_eq!((laid.at(0.001), laid.at(1.0), laid.at(0.0)), (Some(0.0), Some(1.0), None));
        for lone in [Scale::Linear, Scale::Log10, Scale::Log2] {
            let laid = Laid::over(lone, [4.0].into_iter(), 6);
            assert!(laid.at(4.0).is_some_and(|share| (0.0..=1.0).contains(&share)) && laid.ticks.len() > 1, "{laid:?}");
            assert!(!Laid::over(lone, std::iter::empty(), 6).ticks.is_empty());
        }
    }
}

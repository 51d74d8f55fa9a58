/// How a curve is drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Look {
    /// A line with a mark at each point: what was seen here.
    Seen,
    /// A line alone: what was seen, of many points.
    Line,
    /// Hollow marks: what was published.
    Published,
    /// A dashed line: what a formula says.
    Theory,
}

/// One point, and how far from it a figure may lie.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Point {
    /// From left to right.
    pub x: f64,
    /// From below.
    pub y: f64,
    /// A bar from the least to the greatest.
    pub bar: Option<[f64; 2]>,
}

impl From<(f64, f64)> for Point {
    fn from((x, y): (f64, f64)) -> Point {
        Point { x, y, bar: None }
    }
}

/// Points that belong together.
#[derive(Clone, Debug, PartialEq)]
pub struct Curve {
    /// As the legend has it.
    pub name: String,
    /// How it is drawn.
    pub look: Look,
    /// Which of the colours and marks, from 0; what is seen and what is claimed of the same thing share one.
    pub hue: usize,
    /// From left to right.
    pub points: Vec<Point>,
}

impl Curve {
    /// A curve through these.
    pub fn new<P: Into<Point>>(name: impl Into<String>, look: Look, hue: usize, points: impl IntoIterator<Item = P>) -> Curve {
        Curve { name: name.into(), look, hue, points: points.into_iter().map(Into::into).collect() }
    }

    /// What a formula says from `low` to `high`, which are above 0: points at equal factors.
    pub fn theory(name: impl Into<String>, hue: usize, [low, high]: [f64; 2], formula: impl Fn(f64) -> f64) -> Curve {
        const POINTS: u32 = 48;
        let growth = libm::log(high / low) / f64::from(POINTS);
        let xs = (0..=POINTS).map(|i| low * libm::exp(growth * f64::from(i)));
        Curve::new(name, Look::Theory, hue, xs.map(|x| (x, formula(x))))
    }
}

use super::axis::Laid;
use super::svg::{HUES, Side, Svg, width};
use super::{Curve, Look, Plot, Point};

/// From the left edge of the picture to the plot: the labels of the upward axis; and from its right edge.
const LEFT: f64 = 72.0;
const RIGHT: f64 = 32.0;
const HEIGHT: f64 = 300.0;
/// Ticks of each axis, about.
pub(super) const TICKS: [usize; 2] = [8, 6];

/// The rectangle of a plot in its picture, and its axes.
struct Frame {
    left: f64,
    top: f64,
    wide: f64,
    x: Laid,
    y: Laid,
}

impl Frame {
    fn at(&self, x: f64, y: f64) -> Option<[f64; 2]> {
        Some([self.left + self.x.at(x)? * self.wide, self.top + (1.0 - self.y.at(y)?) * HEIGHT])
    }
}

impl Plot {
    /// Both axes, laid out for all that is drawn.
    pub(super) fn laid(&self) -> [Laid; 2] {
        let points = || self.curves.iter().flat_map(|curve| &curve.points);
        let ys = points().flat_map(|point| [point.y].into_iter().chain(point.bar.into_iter().flatten()));
        let xs = points().map(|point| point.x);
        [Laid::over(self.x.scale, xs, TICKS[0]), Laid::over(self.y.scale, ys, TICKS[1])]
    }

    /// Draws it from `top` down in a picture so wide; where it ends.
    pub(super) fn draw(&self, svg: &mut Svg, top: f64, page: f64) -> f64 {
        svg.text(24.0, top + 14.0, Side::Start, "head", &self.title);
        let legend = self.legend(svg, top + 38.0, page);
        svg.text(24.0, legend + 22.0, Side::Start, "small soft", &self.y.label);
        let [x, y] = self.laid();
        let frame = Frame { left: LEFT, top: legend + 38.0, wide: page - LEFT - RIGHT, x, y };
        frame.grid(svg);
        let floor = frame.top + HEIGHT;
        svg.text(LEFT + frame.wide, floor + 40.0, Side::End, "small soft", &self.x.label);
        self.curves.iter().for_each(|curve| frame.curve(svg, curve));
        floor + 40.0
    }

    /// Samples and names, in as many rows as they need; the base line of the last.
    fn legend(&self, svg: &mut Svg, top: f64, page: f64) -> f64 {
        const SAMPLE: f64 = 30.0;
        let (mut x, mut y) = (24.0, top);
        for curve in &self.curves {
            let wide = SAMPLE + width(&curve.name) + 14.0;
            if x + wide > page - 12.0 && x > 24.0 {
                (x, y) = (24.0, y + 22.0);
            }
            sample(svg, curve, [x, y - 4.5], SAMPLE - 8.0);
            svg.text(x + SAMPLE, y, Side::Start, "", &curve.name);
            x += wide;
        }
        y
    }
}

fn sample(svg: &mut Svg, curve: &Curve, [x, y]: [f64; 2], wide: f64) {
    let hue = format!("h{}", curve.hue % HUES);
    line(svg, curve.look, &[[x, y], [x + wide, y]], &hue);
    mark(svg, curve, [x + wide / 2.0, y], &hue);
}

fn line(svg: &mut Svg, look: Look, points: &[[f64; 2]], hue: &str) {
    match look {
        Look::Seen | Look::Line => svg.curve(points, &format!("curve {hue}")),
        Look::Theory => svg.curve(points, &format!("curve theory {hue}")),
        Look::Published => {}
    }
}

fn mark(svg: &mut Svg, curve: &Curve, at: [f64; 2], hue: &str) {
    match curve.look {
        Look::Seen => svg.mark(at, curve.hue, &format!("mark {hue}")),
        Look::Published => svg.mark(at, curve.hue, &format!("hollow {hue}")),
        Look::Line | Look::Theory => {}
    }
}

impl Frame {
    fn grid(&self, svg: &mut Svg) {
        let (right, floor) = (self.left + self.wide, self.top + HEIGHT);
        for (share, text) in &self.y.ticks {
            let y = self.top + (1.0 - share) * HEIGHT;
            svg.line([self.left, y], [right, y], "grid");
            svg.text(self.left - 10.0, y + 4.0, Side::End, "small", text);
        }
        for (share, text) in &self.x.ticks {
            let x = self.left + share * self.wide;
            svg.line([x, floor], [x, floor + 5.0], "frame");
            svg.text(x, floor + 20.0, Side::Middle, "small", text);
        }
        svg.line([self.left, floor], [right, floor], "frame");
    }

    fn curve(&self, svg: &mut Svg, curve: &Curve) {
        let hue = format!("h{}", curve.hue % HUES);
        let placed: Vec<[f64; 2]> = curve.points.iter().filter_map(|point| self.at(point.x, point.y)).collect();
        curve.points.iter().for_each(|point| self.bar(svg, point, &hue));
        line(svg, curve.look, &placed, &hue);
        placed.into_iter().for_each(|at| mark(svg, curve, at, &hue));
    }

    fn bar(&self, svg: &mut Svg, point: &Point, hue: &str) {
        let Some([low, high]) = point.bar else { return };
        // On a scale of factors a bar that reaches zero ends at the floor.
        let floor = self.top + HEIGHT;
        let Some([x, top]) = self.at(point.x, high) else { return };
        let foot = self.at(point.x, low).map_or(floor, |at| at[1].min(floor));
        let class = format!("bar {hue}");
        svg.line([x, top], [x, foot], &class);
        [top, foot].into_iter().for_each(|y| svg.line([x - 4.0, y], [x + 4.0, y], &class));
    }
}

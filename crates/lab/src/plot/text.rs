use super::canvas::Canvas;
use super::svg::HUES;
use super::{Curve, Look, Plot};

const WIDE: usize = 72;
const HIGH: usize = 18;
/// Of each hue what marks what was seen, and what was published.
const SEEN: [char; HUES] = ['●', '■', '▲', '◆', '▼'];
const PUBLISHED: [char; HUES] = ['○', '□', '△', '◇', '▽'];

impl Plot {
    /// The plot as characters, line by line.
    pub(super) fn lines(&self) -> Vec<String> {
        let [x, y] = self.laid();
        let mut canvas = Canvas::new(WIDE, HIGH);
        for curve in &self.curves {
            let placed: Vec<[f64; 2]> = curve.points.iter().filter_map(|p| Some([x.at(p.x)?, y.at(p.y)?])).collect();
            if curve.look != Look::Published {
                placed.windows(2).for_each(|pair| canvas.line(pair[0], pair[1], curve.look == Look::Theory));
            }
            if let Some(mark) = mark(curve) {
                placed.into_iter().for_each(|at| canvas.mark(at, mark));
            }
        }
        let margin = y.ticks.iter().map(|tick| tick.1.chars().count()).max().unwrap_or(0);
        let row = |share: f64| ((1.0 - share) * (HIGH - 1) as f64).round() as usize;
        let label = |i| y.ticks.iter().find(|tick| row(tick.0) == i).map_or("", |tick| tick.1.as_str());
        let mut lines = vec![self.title.clone(), self.y.label.clone()];
        lines.extend(canvas.lines().enumerate().map(|(i, dots)| {
            let axis = if label(i).is_empty() { '│' } else { '┤' };
            format!("{:>margin$} {axis}{dots}", label(i)).trim_end().to_owned()
        }));
        let indent = " ".repeat(margin + 1);
        let (axis, labels) = foot(&x.ticks);
        lines.extend([format!("{indent}└{axis}"), format!("{indent} {labels}")]);
        lines.push(format!("{:>1$}", self.x.label, margin + 2 + WIDE));
        lines.extend(self.curves.iter().map(|curve| format!("{indent} {} {}", sample(curve), curve.name)));
        lines
    }
}

/// The axis below with its ticks, and what they say.
fn foot(ticks: &[(f64, String)]) -> (String, String) {
    let mut axis = vec!['─'; WIDE];
    let mut labels = vec![' '; WIDE + 8];
    let mut free = 0;
    for (share, text) in ticks {
        let at = (share * (WIDE - 1) as f64).round() as usize;
        axis[at] = '┴';
        let long = text.chars().count();
        let from = at.saturating_sub(long / 2).min(labels.len() - long);
        if from >= free {
            labels[from..from + long].iter_mut().zip(text.chars()).for_each(|(cell, c)| *cell = c);
            free = from + long + 1;
        }
    }
    (axis.into_iter().collect(), labels.into_iter().collect::<String>().trim_end().to_owned())
}

fn mark(curve: &Curve) -> Option<char> {
    match curve.look {
        Look::Seen => Some(SEEN[curve.hue % HUES]),
        Look::Published => Some(PUBLISHED[curve.hue % HUES]),
        Look::Line | Look::Theory => None,
    }
}

fn sample(curve: &Curve) -> String {
    match (curve.look, mark(curve)) {
        (Look::Seen, Some(mark)) => format!("─{mark}─"),
        (Look::Theory, _) => "╌╌╌".into(),
        (_, Some(mark)) => format!(" {mark} "),
        _ => "───".into(),
    }
}

use super::figure::figure;
use super::svg::{Side, Svg, width, wrapped};

/// One claim: what was seen, and the bound that it must be in.
#[derive(Clone, Debug, PartialEq)]
pub struct Row {
    /// What is claimed.
    pub claim: String,
    /// What was seen and the least and the greatest that may be; none if words are compared.
    pub figures: Option<(f64, [f64; 2])>,
    /// Whether the claim holds.
    pub ok: bool,
}

/// Bounds lie from -1 to 1, whatever their figures are; the track goes on to either side as far again.
const TRACK: f64 = 2.0;

impl Row {
    /// Where the figure stands: -1 is the least that may be and 1 the greatest. Without a greatest, the share by which it is
    /// above the least.
    pub(super) fn place(&self) -> f64 {
        let Some((seen, [low, high])) = self.figures else { return 0.0 };
        let place = if seen.is_nan() {
            TRACK
        } else if high.is_infinite() {
            2.0 * (seen - low) / seen.abs().max(low.abs()).max(f64::MIN_POSITIVE) - 1.0
        } else if high > low {
            2.0 * (seen - low) / (high - low) - 1.0
        } else if seen == low {
            0.0
        } else {
            TRACK * (seen - low).signum()
        };
        place.clamp(-TRACK, TRACK)
    }

    fn is_exact(&self) -> bool {
        self.figures.is_some_and(|(_, [low, high])| low == high)
    }

    fn bound(&self) -> String {
        match self.figures {
            None => "as published".into(),
            Some((_, [low, high])) if low == high => figure(low),
            Some((_, [low, high])) if high.is_infinite() => format!("{} or more", figure(low)),
            Some((_, [low, high])) => format!("{} to {}", figure(low), figure(high)),
        }
    }

    fn seen(&self) -> String {
        match self.figures {
            Some((seen, _)) => figure(seen),
            None => if self.ok { "the same" } else { "differs" }.into(),
        }
    }
}

const LEFT: f64 = 24.0;
const LINE: f64 = 17.0;
const HIGH: f64 = 25.0;
const SEEN: f64 = 84.0;
const BOUND: f64 = 160.0;

/// Draws claims from `top` down: name, the bound as a bar with what was seen as a dot, both as figures; where they end.
pub(super) fn draw(rows: &[Row], svg: &mut Svg, top: f64, page: f64) -> f64 {
    let widest = rows.iter().map(|row| width(&row.claim)).fold(120.0, f64::max);
    let names = widest.min(page * 0.43);
    let (from, to) = (LEFT + names + 20.0, page - LEFT - SEEN - BOUND);
    let at = |place: f64| from + (place + TRACK) / (2.0 * TRACK) * (to - from);
    let columns = [to + SEEN, page - LEFT];
    svg.text(LEFT, top + 12.0, Side::Start, "small soft", "claim");
    svg.text(at(0.0), top + 12.0, Side::Middle, "small soft", "within its bound");
    svg.text(columns[0], top + 12.0, Side::End, "small soft", "seen");
    svg.text(columns[1], top + 12.0, Side::End, "small soft", "bound");
    let mut y = top + 22.0;
    for row in rows {
        let lines = wrapped(&row.claim, names);
        let high = HIGH + LINE * (lines.len() - 1) as f64;
        svg.line([LEFT, y], [page - LEFT, y], "grid");
        for (line, i) in lines.iter().zip(0u32..) {
            svg.text(LEFT, y + 17.0 + LINE * f64::from(i), Side::Start, "", line);
        }
        let middle = y + high / 2.0;
        dot(row, svg, middle, at);
        for (text, x, class) in [(row.seen(), columns[0], ""), (row.bound(), columns[1], "soft")] {
            svg.text(x, middle + 4.5, Side::End, class, &text);
        }
        y += high;
    }
    y
}

fn dot(row: &Row, svg: &mut Svg, y: f64, at: impl Fn(f64) -> f64) {
    let state = if row.ok { "ok" } else { "missed" };
    svg.line([at(-TRACK), y], [at(TRACK), y], "grid");
    if row.is_exact() || row.figures.is_none() {
        svg.bar([at(0.0) - 5.0, y - 5.0], [10.0, 10.0], "band");
    } else {
        svg.bar([at(-1.0), y - 5.0], [at(1.0) - at(-1.0), 10.0], "band");
    }
    // What is missed has another shape, too.
    svg.mark([at(row.place()), y], if row.ok { 0 } else { 3 }, &format!("mark {state}"));
}

/// The same as characters: `├` and `┤` are the bound, `●` what was seen and `◆` what was missed.
pub(super) fn text(rows: &[Row]) -> Vec<String> {
    const CELLS: usize = 33;
    let names = rows.iter().map(|row| row.claim.chars().count()).max().unwrap_or(0);
    let cell = |place: f64| ((place + TRACK) / (2.0 * TRACK) * (CELLS - 1) as f64).round() as usize;
    let line = |row: &Row| {
        let mut track = vec!['·'; CELLS];
        if row.figures.is_some() && !row.is_exact() {
            track[cell(-1.0)..=cell(1.0)].fill('─');
            (track[cell(-1.0)], track[cell(1.0)]) = ('├', '┤');
        } else {
            track[cell(0.0)] = '┼';
        }
        track[cell(row.place())] = if row.ok { '●' } else { '◆' };
        let (claim, track): (&str, String) = (&row.claim, track.into_iter().collect());
        let fill = " ".repeat(names - claim.chars().count());
        format!("{claim}{fill}  {track}  {:>12}  {}", row.seen(), row.bound())
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(seen: f64, low: f64, high: f64) -> Row {
        Row { claim: "c".into(), figures: Some((seen, [low, high])), ok: (low..=high).contains(&seen) }
    }

    #[test]
    fn a_figure_stands_where_it_lies_in_its_bound() {
        let place = |seen, low, high| row(seen, low, high).place();
        assert_eq!((place(1.0, 1.0, 3.0), place(2.0, 1.0, 3.0), place(3.0, 1.0, 3.0)), (-1.0, 0.0, 1.0));
        assert_eq!((place(9.0, 1.0, 3.0), place(f64::NAN, 1.0, 3.0)), (2.0, 2.0));
        assert_eq!((place(0.0, 0.0, 0.0), place(1.0, 0.0, 0.0), place(-1.0, 0.0, 0.0)), (0.0, 2.0, -2.0));
        assert_eq!(place(1.0, 1.0, f64::INFINITY), -1.0);
        assert!(place(2.0, 1.0, f64::INFINITY) > -1.0 && place(1e9, 1.0, f64::INFINITY) <= 1.0);
    }

    #[test]
    fn what_is_missed_is_seen_in_characters() {
        let lines = text(&[row(2.0, 1.0, 3.0), row(9.0, 1.0, 3.0), row(0.0, 0.0, 0.0)]);
        assert_eq!(lines[0], "c  ········├───────●───────┤········             2  1 to 3");
        assert_eq!(lines[1], "c  ········├───────────────┤·······◆             9  1 to 3");
        assert_eq!(lines[2], "c  ················●················             0  0");
    }
}

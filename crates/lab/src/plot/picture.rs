use super::svg::{Side, Svg, wrapped};
use super::{Plot, Row, rows};

/// How wide pictures are, in pixels of their own.
const PAGE: f64 = 800.0;
const LEFT: f64 = 24.0;

/// Plots and claims on one sheet.
#[derive(Clone, Debug, PartialEq)]
pub struct Picture {
    /// What it is about.
    pub title: String,
    /// Where the claims are from.
    pub source: String,
    /// The command that draws it.
    pub command: String,
    /// Curves.
    pub plots: Vec<Plot>,
    /// Claims, each with its bound.
    pub rows: Vec<Row>,
}

impl Picture {
    /// As SVG, 800 units wide: text is text, and colours are those of the reader's light or dark scheme.
    pub fn svg(&self) -> String {
        let mut svg = Svg::default();
        let mut y = 16.0;
        // A title's letters are half as wide again.
        for line in wrapped(&self.title, (PAGE - 2.0 * LEFT) / 1.5) {
            y += 22.0;
            svg.text(LEFT, y, Side::Start, "title", &line);
        }
        y += 6.0;
        for line in wrapped(&self.source, PAGE - 2.0 * LEFT) {
            y += 17.0;
            svg.text(LEFT, y, Side::Start, "soft", &line);
        }
        for plot in &self.plots {
            y = plot.draw(&mut svg, y + 24.0, PAGE);
        }
        if !self.rows.is_empty() {
            y = rows::draw(&self.rows, &mut svg, y + 24.0, PAGE);
        }
        svg.text(LEFT, y + 32.0, Side::Start, "code soft", &self.command);
        svg.document(PAGE, y + 50.0, &self.says())
    }

    /// As characters, line by line.
    pub fn text(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for plot in &self.plots {
            lines.extend(plot.lines());
            lines.push(String::new());
        }
        lines.extend(rows::text(&self.rows));
        lines
    }

    fn says(&self) -> String {
        let held = self.rows.iter().filter(|row| row.ok).count();
        format!("{}: {held} of {} claims hold. {}", self.title, self.rows.len(), self.source)
    }
}

use std::fmt::Write;

/// Where a text ends or begins.
#[derive(Clone, Copy, Debug)]
pub(super) enum Side {
    Start,
    Middle,
    End,
}

/// An SVG that grows element by element. Lengths are in units of the view box.
#[derive(Debug, Default)]
pub(super) struct Svg {
    body: String,
}

/// Light and dark are neutral, and the hues of equal weight on both; the page of `bruit demo` has the same.
const STYLE: &str = "\
.bruit{--paper:#fff;--ink:#1b2030;--soft:#596074;--line:#e4e2dc;--band:#e9e6f7;--ok:#17734f;--missed:#c02339;\
--h0:#2c6be0;--h1:#b4560a;--h2:#17734f;--h3:#a51fb5;--h4:#0a7484}\
@media(prefers-color-scheme:dark){.bruit{--paper:#0d1119;--ink:#e8ebf4;--soft:#9ca6bd;--line:#283043;--band:#2a2750;--ok:#43cf97;\
--missed:#ff7385;--h0:#74a9ff;--h1:#f7b13c;--h2:#43cf97;--h3:#ec8bff;--h4:#45cfe0}}\
.bruit text{font:13px system-ui,-apple-system,'Segoe UI',Roboto,'DejaVu Sans',sans-serif;fill:var(--ink);\
font-variant-numeric:tabular-nums}\
.bruit .title{font-size:18px;font-weight:650}.bruit .head{font-size:14px;font-weight:650}.bruit .soft{fill:var(--soft)}\
.bruit .small{font-size:12px}.bruit .code{font-family:ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace;font-size:12px}\
.bruit .grid{stroke:var(--line)}.bruit .frame{stroke:var(--soft)}.bruit .band{fill:var(--band)}\
.bruit .curve{fill:none;stroke:var(--c);stroke-width:2;stroke-linejoin:round;stroke-linecap:round}\
.bruit .theory{stroke-width:1.5;stroke-dasharray:5 4;stroke-linecap:butt}\
.bruit .mark{fill:var(--c);stroke:var(--paper);stroke-width:1.5}\
.bruit .hollow{fill:var(--paper);stroke:var(--c);stroke-width:1.5}.bruit .bar{stroke:var(--c);stroke-width:1.25}\
.bruit .h0{--c:var(--h0)}.bruit .h1{--c:var(--h1)}.bruit .h2{--c:var(--h2)}.bruit .h3{--c:var(--h3)}.bruit .h4{--c:var(--h4)}\
.bruit .ok{--c:var(--ok)}.bruit .missed{--c:var(--missed)}";

/// How many colours the style has.
pub(super) const HUES: usize = 5;

impl Svg {
    /// A text from a point on its base line; `class` as in the style.
    pub(super) fn text(&mut self, x: f64, y: f64, side: Side, class: &str, text: &str) {
        let anchor = match side {
            Side::Start => "",
            Side::Middle => " text-anchor=\"middle\"",
            Side::End => " text-anchor=\"end\"",
        };
        let class = if class.is_empty() { String::new() } else { format!(" class=\"{class}\"") };
        self.add(format_args!("<text x=\"{x:.1}\" y=\"{y:.1}\"{anchor}{class}>{}</text>", escaped(text)));
    }

    pub(super) fn line(&mut self, [x1, y1]: [f64; 2], [x2, y2]: [f64; 2], class: &str) {
        self.add(format_args!("<line x1=\"{x1:.1}\" y1=\"{y1:.1}\" x2=\"{x2:.1}\" y2=\"{y2:.1}\" class=\"{class}\"/>"));
    }

    pub(super) fn curve(&mut self, points: &[[f64; 2]], class: &str) {
        let points: Vec<String> = points.iter().map(|[x, y]| format!("{x:.1},{y:.1}")).collect();
        self.add(format_args!("<polyline points=\"{}\" class=\"{class}\"/>", points.join(" ")));
    }

    pub(super) fn bar(&mut self, [x, y]: [f64; 2], [width, height]: [f64; 2], class: &str) {
        self.add(format_args!(
            "<rect x=\"{x:.1}\" y=\"{y:.1}\" width=\"{width:.1}\" height=\"{height:.1}\" rx=\"{:.1}\" class=\"{class}\"/>",
            height / 2.0
        ));
    }

    /// A mark of the shape of its hue, so that colours are not all that tells curves apart.
    pub(super) fn mark(&mut self, [x, y]: [f64; 2], shape: usize, class: &str) {
        let corners: &[[f64; 2]] = match shape % HUES {
            0 => return self.add(format_args!("<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"4.5\" class=\"{class}\"/>")),
            1 => &[[-4.2, -4.2], [4.2, -4.2], [4.2, 4.2], [-4.2, 4.2]],
            2 => &[[0.0, -5.4], [5.2, 4.0], [-5.2, 4.0]],
            3 => &[[0.0, -5.8], [5.8, 0.0], [0.0, 5.8], [-5.8, 0.0]],
            _ => &[[0.0, 5.4], [5.2, -4.0], [-5.2, -4.0]],
        };
        let corners: Vec<String> = corners.iter().map(|[dx, dy]| format!("{:.1},{:.1}", x + dx, y + dy)).collect();
        self.add(format_args!("<polygon points=\"{}\" class=\"{class}\"/>", corners.join(" ")));
    }

    fn add(&mut self, element: std::fmt::Arguments<'_>) {
        let _ = writeln!(self.body, "{element}");
    }

    /// The whole document; `says` is what those hear who cannot see it.
    pub(super) fn document(self, width: f64, height: f64, says: &str) -> String {
        format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {width:.0} {height:.0}\" class=\"bruit\" role=\"img\">\n\
             <title>{}</title>\n<style>{STYLE}</style>\n\
             <rect width=\"100%\" height=\"100%\" rx=\"8\" fill=\"var(--paper)\"/>\n{}</svg>\n",
            escaped(says),
            self.body
        )
    }
}

/// A text as XML has it.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")
}

/// About how wide a text of 13 px is: of the fonts that a reader may have, as wide as the widest.
pub(super) fn width(text: &str) -> f64 {
    let wide = |c: char| match c {
        'i' | 'j' | 'l' | 't' | 'f' | '.' | ',' | ':' | ';' | '\'' | '|' | ' ' | '(' | ')' => 5.0,
        'm' | 'w' | 'M' | 'W' => 12.0,
        _ => 8.2,
    };
    text.chars().map(wide).sum()
}

/// Text in lines that are no wider; a word that is wider has a line of its own.
pub(super) fn wrapped(text: &str, most: f64) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split(' ') {
        match lines.last_mut().filter(|line| width(line) + width(word) + 5.0 <= most) {
            Some(line) => *line = format!("{line} {word}"),
            None => lines.push(word.into()),
        }
    }
    lines
}

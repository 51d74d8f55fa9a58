/// Characters of two by four dots each: the plot of a terminal.
#[derive(Debug)]
pub(super) struct Canvas {
    wide: usize,
    high: usize,
    /// Of each character the dots that are set, as Unicode's braille patterns number them.
    dots: Vec<u8>,
    /// Characters that stand over the dots.
    marks: Vec<Option<char>>,
}

impl Canvas {
    /// So many characters wide and high.
    pub(super) fn new(wide: usize, high: usize) -> Canvas {
        Canvas { wide, high, dots: vec![0; wide * high], marks: vec![None; wide * high] }
    }

    /// The dot at these shares of the axes.
    fn dot(&self, x: f64, y: f64) -> (usize, usize) {
        let at = |share: f64, dots: usize| (share.clamp(0.0, 1.0) * (dots - 1) as f64).round() as usize;
        (at(x, 2 * self.wide), at(1.0 - y, 4 * self.high))
    }

    /// A line between two points; `dashed` leaves out every other pair of dots.
    pub(super) fn line(&mut self, from: [f64; 2], to: [f64; 2], dashed: bool) {
        let ((x0, y0), (x1, y1)) = (self.dot(from[0], from[1]), self.dot(to[0], to[1]));
        let steps = x0.abs_diff(x1).max(y0.abs_diff(y1)).max(1);
        for step in 0..=steps {
            let between = |a: usize, b: usize| (a as f64 + (b as f64 - a as f64) * step as f64 / steps as f64).round() as usize;
            let (x, y) = (between(x0, x1), between(y0, y1));
            if !dashed || x % 4 < 2 {
                const BITS: [[u8; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
                self.dots[y / 4 * self.wide + x / 2] |= BITS[x % 2][y % 4];
            }
        }
    }

    /// A character at a point.
    pub(super) fn mark(&mut self, [x, y]: [f64; 2], mark: char) {
        let (x, y) = self.dot(x, y);
        self.marks[y / 4 * self.wide + x / 2] = Some(mark);
    }

    /// Line by line from the top.
    pub(super) fn lines(&self) -> impl Iterator<Item = String> {
        let cell = |i: usize| match (self.marks[i], self.dots[i]) {
            (Some(mark), _) => mark,
            (None, 0) => ' ',
            (None, dots) => char::from_u32(0x2800 + u32::from(dots)).unwrap_or(' '),
        };
        (0..self.high).map(move |row| (row * self.wide..(row + 1) * self.wide).map(cell).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_line_and_a_mark() {
        let mut canvas = Canvas::new(4, 2);
        canvas.line([0.0, 0.0], [1.0, 1.0], false);
        canvas.mark([1.0, 0.0], '●');
        assert_eq!(canvas.lines().collect::<Vec<_>>(), ["  ⡠⠊", "⡠⠊ ●"]);
        let mut canvas = Canvas::new(4, 1);
        canvas.line([0.0, 0.0], [1.0, 0.0], true);
        assert_eq!(canvas.lines().collect::<Vec<_>>(), ["⣀ ⣀ "]);
    }
}

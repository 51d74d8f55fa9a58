/// Figures from here on are whole.
const WHOLE: f64 = 1_000.0;
/// Figures below have no room for their zeros.
const SMALL: f64 = 0.001;

/// A figure with four digits that count: `0.1757`, `16.92`, `12,345`, `3.6e-6`; `∞` if it has no end.
pub fn figure(x: f64) -> String {
    let size = x.abs();
    match size {
        _ if x.is_nan() => "none".into(),
        _ if x.is_infinite() => if x > 0.0 { "∞" } else { "-∞" }.into(),
        _ if size == 0.0 => "0".into(),
        _ if size < SMALL => trimmed(&format!("{x:.1e}")),
        _ if size >= WHOLE => grouped(x),
        _ => {
            let digits = 3 - libm::floor(libm::log10(size)) as i32;
            trimmed(&format!("{x:.*}", digits.clamp(0, 6) as usize))
        }
    }
}

/// Without zeros that say nothing.
fn trimmed(text: &str) -> String {
    let (number, exponent) = text.split_once('e').map_or((text, String::new()), |(n, e)| (n, format!("e{e}")));
    let number = if number.contains('.') { number.trim_end_matches('0').trim_end_matches('.') } else { number };
    format!("{number}{exponent}")
}

/// A whole number with its thousands apart.
fn grouped(x: f64) -> String {
    let digits = format!("{:.0}", x.abs());
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(|group| std::str::from_utf8(group).unwrap_or("")).collect();
    format!("{}{}", if x < 0.0 { "-" } else { "" }, groups.join(","))
}

/// A number as an exponent: `-4` is `⁻⁴`.
pub(super) fn raised(exponent: i32) -> String {
    const DIGITS: [char; 10] = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    exponent.to_string().chars().map(|c| c.to_digit(10).map_or('⁻', |digit| DIGITS[digit as usize])).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn figures_are_short() {
        let cases = [
            (0.0, "0"),
            (0.175_734, "0.1757"),
            (0.5, "0.5"),
            (16.918, "16.92"),
            (1.0, "1"),
            (999.96, "1000"),
            (12_345.4, "12,345"),
            (-1_930.0, "-1,930"),
            (3.62e-6, "3.6e-6"),
            (1e-6, "1e-6"),
            (0.001_25, "0.00125"),
            (f64::INFINITY, "∞"),
            (f64::NAN, "none"),
        ];
        for (x, text) in cases {
            assert_eq!(figure(x), text);
        }
        assert_eq!(raised(-14), "⁻¹⁴");
    }
}

use bruit_lab::bench::{Options, measure};
fn main() {
    let arg = |i: usize, d: u32| std::env::args().nth(i).and_then(|a| a.parse().ok()).unwrap_or(d);
    let options = Options { nodes: arg(1, 8), trials: arg(2, 1), loss_ppm: arg(3, 0) * 10_000, threads: 2, ..Options::default() };
    let figures = measure(&options, |t| eprintln!("{t:?}"));
    println!("{}", serde_json::to_string_pretty(&figures).unwrap());
}

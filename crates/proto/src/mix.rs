/// Spreads every bit of `x` over all 64 bits (the finaliser of splitmix64; Steele, Lea, Flood 2014, "Fast splittable
/// pseudorandom number generators", section 3).
///
/// A bijection with full avalanche: one multiply is not enough for keys that differ in few bits.
pub const fn mix(x: u64) -> u64 {
    let x = (x ^ (x >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    let x = (x ^ (x >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    x ^ (x >> 31)
}

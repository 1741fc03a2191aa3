//! The one source of randomness: ChaCha8, whose stream is fixed by name, and draws from it that no library can change.

use rand::rngs::ChaCha8Rng;
use rand::{Rng, SeedableRng};

/// A generator for this seed; `stream` keeps the uses of one seed apart.
pub(crate) fn generator(seed: u64, stream: u64) -> ChaCha8Rng {
    let mut rng = ChaCha8Rng::seed_from_u64(seed);
    rng.set_stream(stream);
    rng
}

/// Seed number `index` of a family, so that the parts of a whole draw apart. Source: the mixer of Steele, Lea and Flood
/// (2014), OOPSLA, as SplitMix64.
pub(crate) fn derive(seed: u64, index: u64) -> u64 {
    let mut z = seed.wrapping_add(index.wrapping_add(1).wrapping_mul(0x9e37_79b9_7f4a_7c15));
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// A whole number below `bound`, by the high half of a 64×64-bit product (bias below bound / 2⁶⁴).
pub(crate) fn below(rng: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(rng.next_u64()) * bound as u128) >> 64) as usize
}

/// Fisher and Yates' shuffle, from the last item to the second.
pub(crate) fn shuffle<V>(items: &mut [V], rng: &mut ChaCha8Rng) {
    for last in (1..items.len()).rev() {
        items.swap(last, below(rng, last + 1));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A model trained yesterday starts the same tomorrow, whatever crate brings the generator.
    #[test]
    fn the_stream_is_fixed() {
        let first = |seed, stream| {
            let mut rng = generator(seed, stream);
            (rng.next_u32(), rng.next_u64(), rng.next_u64())
        };
        assert_eq!(first(0, 0), (0xa79a_3b6c, 0xbad8_c037_b585_f767, 0x81e2_a6e6_7746_a55f));
        assert_eq!(first(42, (1 << 32) + 5), (0x35d6_9a8d, 0x3e99_d4a3_19b8_3fcb, 0x9757_3619_b8bb_b234));
    }
}

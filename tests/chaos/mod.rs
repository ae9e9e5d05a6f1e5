//! Chaos: processes are killed and servers restarted while platforms post, and in the end everything is there once.

mod gate;
mod house;
mod platforms;
mod processes;
mod pulls;
mod relays;
mod sends;
mod servers;
mod shutdown;

/// Chance that falls the same way in every run.
#[derive(Debug, Clone)]
struct Chance(u64);

impl Chance {
    /// A number below `limit`.
    fn below(&mut self, limit: u32) -> u32 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        u32::try_from(self.0 >> 33).expect("31 bits") % limit
    }

    fn shuffle<T>(&mut self, items: &mut [T]) {
        for at in (1..items.len()).rev() {
            let other = self.below(u32::try_from(at + 1).expect("a short list"));
            items.swap(at, other as usize);
        }
    }
}

//! Memory asked for before it is needed, while the processor works on what is near.

/// Where numbers start that will be read soon. Not a reference: whatever lies there may be asked for.
#[derive(Debug, Clone, Copy, Default)]
pub struct Ahead(usize);

impl Ahead {
    /// These numbers, and what follows them.
    pub fn of<T>(numbers: &[T]) -> Self {
        Self(numbers.as_ptr().addr())
    }

    /// Asks for line i of the cache, a hint that changes no result; on other processors nothing happens.
    #[inline(always)]
    pub fn line(self, i: usize) {
        let _ = (self.0, i);
        #[cfg(target_arch = "x86_64")]
        if let Some(sse) = pulp::core_arch::x86::Sse::try_new() {
            sse._mm_prefetch::<{ core::arch::x86_64::_MM_HINT_T1 }>(std::ptr::without_provenance(
                self.0.wrapping_add(64 * i),
            ));
        }
    }
}

//! What the columns of a table are made from.

mod sealed {
    pub trait Sealed {}
    impl Sealed for f64 {}
    impl Sealed for f32 {}
    impl Sealed for i32 {}
    impl Sealed for u32 {}
    impl Sealed for str {}
    impl Sealed for String {}
    impl<V: Sealed> Sealed for Option<V> {}
    impl<V: Sealed + ?Sized> Sealed for &V {}
}

/// A number or a gap: `f64`, `f32`, `i32`, `u32`, an `Option` of one of these (`None` is a gap), or a reference.
pub trait NumberCell: sealed::Sealed {
    /// The number, `None` for a gap.
    fn number(&self) -> Option<f64>;
}

impl NumberCell for f64 {
    fn number(&self) -> Option<f64> {
        Some(*self)
    }
}

impl NumberCell for f32 {
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}

impl NumberCell for i32 {
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}

impl NumberCell for u32 {
    fn number(&self) -> Option<f64> {
        Some(f64::from(*self))
    }
}

impl<N: NumberCell> NumberCell for Option<N> {
    fn number(&self) -> Option<f64> {
        self.as_ref().and_then(N::number)
    }
}

impl<N: NumberCell + ?Sized> NumberCell for &N {
    fn number(&self) -> Option<f64> {
        (**self).number()
    }
}

/// A text or a gap: `&str`, `String`, an `Option` of one of these (`None` is a gap), or a reference.
pub trait TextCell: sealed::Sealed {
    /// The text, `None` for a gap.
    fn text(&self) -> Option<&str>;
}

impl TextCell for str {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl TextCell for String {
    fn text(&self) -> Option<&str> {
        Some(self)
    }
}

impl<S: TextCell> TextCell for Option<S> {
    fn text(&self) -> Option<&str> {
        self.as_ref().and_then(S::text)
    }
}

impl<S: TextCell + ?Sized> TextCell for &S {
    fn text(&self) -> Option<&str> {
        (**self).text()
    }
}

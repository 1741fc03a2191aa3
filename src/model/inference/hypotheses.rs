//! Tests of a whole model.

use super::Inference;
use super::distribution::{chi_square_upper, f_upper};

/// The test that all coefficients but the intercept are 0.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct FTest {
    /// F.
    pub statistic: f64,
    /// Of the numerator: how many coefficients are tested.
    pub numerator: f64,
    /// Of the denominator: n − p.
    pub denominator: f64,
    /// The probability of a larger F.
    pub p_value: f64,
}

impl FTest {
    /// ln of [`p_value`](Self::p_value), also where that underflows to 0.
    ///
    /// ```
    /// use residual::inference::FTest;
    /// let test = FTest { statistic: 1e6, numerator: 2.0, denominator: 2000.0, p_value: 0.0 };
    /// // With two degrees of freedom above, P(F > f) = (1 + 2 f / d)^(−d/2).
    /// assert!((test.log_p_value() / (-1000.0 * 1001f64.ln()) - 1.0).abs() < 1e-14);
    /// ```
    #[must_use]
    pub fn log_p_value(&self) -> f64 {
        f_upper(self.statistic, self.numerator, self.denominator).ln
    }
}

/// A statistic with the χ² distribution, if what is tested holds.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ChiSquareTest {
    /// χ².
    pub statistic: f64,
    /// Of χ².
    pub degrees_of_freedom: f64,
    /// The probability of a larger χ².
    pub p_value: f64,
}

impl ChiSquareTest {
    fn new(statistic: f64, degrees_of_freedom: f64) -> Self {
        Self { statistic, degrees_of_freedom, p_value: chi_square_upper(statistic, degrees_of_freedom).value }
    }

    /// ln of [`p_value`](Self::p_value), also where that underflows to 0.
    #[must_use]
    pub fn log_p_value(&self) -> f64 {
        chi_square_upper(self.statistic, self.degrees_of_freedom).ln
    }
}

/// The test of Jarque and Bera that residuals are normal.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct JarqueBera {
    /// n/6 (S² + (K − 3)²/4).
    pub statistic: f64,
    /// The probability of a larger χ² with 2 degrees of freedom.
    pub p_value: f64,
    /// S = m₃ / m₂^{3/2} by the central moments mᵣ = Σ (u − ū)ʳ / n; 0 for a normal distribution.
    pub skewness: f64,
    /// K = m₄ / m₂²; 3 for a normal distribution.
    pub kurtosis: f64,
}

impl JarqueBera {
    /// ln of [`p_value`](Self::p_value), also where that underflows to 0.
    #[must_use]
    pub fn log_p_value(&self) -> f64 {
        chi_square_upper(self.statistic, 2.0).ln
    }
}

/// What the residuals u = √w e of a linear model, in the order of the rows, say against it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Diagnostics {
    durbin_watson: f64,
    /// χ² and its degrees of freedom.
    breusch_pagan: Option<(f64, f64)>,
    moments: [f64; 3],
    n: f64,
}

impl Diagnostics {
    /// From u of the rows of positive weight; none where they do not vary.
    pub fn new(u: &[f64], breusch_pagan: Option<(f64, f64)>) -> Option<Self> {
        let n = u.len() as f64;
        let mean = u.iter().sum::<f64>() / n;
        let moment = |power: i32| u.iter().map(|u| (u - mean).powi(power)).sum::<f64>() / n;
        let square: f64 = u.iter().map(|u| u * u).sum();
        let moments = [moment(2), moment(3), moment(4)];
        let steps: f64 = u.windows(2).map(|pair| (pair[1] - pair[0]).powi(2)).sum();
        (moments[0] > 0.0 && moments[2] > 0.0).then_some(Self {
            durbin_watson: steps / square,
            breusch_pagan,
            moments,
            n,
        })
    }
}

impl Inference {
    /// The test that all coefficients but the intercept are 0, with the covariance that was asked for (Wald's form,
    /// b' V⁻¹ b / q); none for a logistic model, or where nothing can be tested.
    #[must_use]
    pub fn f_test(&self) -> Option<FTest> {
        let (statistic, numerator) = self.parts.f_statistic?;
        let denominator = self.parts.degrees_of_freedom;
        let p_value = f_upper(statistic, numerator, denominator).value;
        Some(FTest { statistic, numerator, denominator, p_value })
    }

    /// The likelihood-ratio test that all coefficients but the intercept are 0, of a logistic model: the null deviance less
    /// the deviance, with as many degrees of freedom as coefficients are tested. None for a linear model, or where nothing
    /// can be tested.
    #[must_use]
    pub fn likelihood_ratio_test(&self) -> Option<ChiSquareTest> {
        let (deviance, null) = (self.parts.deviance?, self.parts.null_deviance?);
        let tested = self.parts.parameters - usize::from(self.parts.intercept);
        (tested > 0).then(|| ChiSquareTest::new((null - deviance).max(0.0), tested as f64))
    }

    /// Durbin and Watson's Σ (uₜ − uₜ₋₁)² / Σ u² of a linear model, u = √w e in the order of the rows (those of weight 0
    /// left out): near 2 for independent errors, towards 0 where neighbours are alike, towards 4 where they alternate.
    /// None for a logistic model, and where all residuals are equal.
    ///
    /// Source: Durbin and Watson (1950), Biometrika 37.
    #[must_use]
    pub fn durbin_watson(&self) -> Option<f64> {
        Some(self.parts.diagnostics?.durbin_watson)
    }

    /// Breusch and Pagan's test that the variance does not depend on the features, in Koenker's form, which needs no normal
    /// errors: n R² of the regression of u² = w e² on the design, with as many degrees of freedom as coefficients but one.
    /// Without an intercept it is n Σ ĝ² / Σ g², ĝ the fit of g = u² − mean(u²), as R's `lmtest::bptest` has it. None for
    /// a logistic model, for one coefficient, and where the residuals do not vary.
    ///
    /// Source: Koenker (1981), Journal of Econometrics 17.
    #[must_use]
    pub fn breusch_pagan(&self) -> Option<ChiSquareTest> {
        let (statistic, degrees_of_freedom) = self.parts.diagnostics?.breusch_pagan?;
        Some(ChiSquareTest::new(statistic, degrees_of_freedom))
    }

    /// Jarque and Bera's test that the errors of a linear model are normal, from u = √w e (rows of weight 0 left out). None
    /// for a logistic model, and where all residuals are equal.
    ///
    /// Source: Jarque and Bera (1980), Economics Letters 6.
    #[must_use]
    pub fn jarque_bera(&self) -> Option<JarqueBera> {
        let Diagnostics { moments: [m2, m3, m4], n, .. } = self.parts.diagnostics?;
        let (skewness, kurtosis) = (m3 / m2 / m2.sqrt(), m4 / m2 / m2);
        let statistic = n / 6.0 * (skewness.powi(2) + (kurtosis - 3.0).powi(2) / 4.0);
        Some(JarqueBera { statistic, p_value: chi_square_upper(statistic, 2.0).value, skewness, kurtosis })
    }
}

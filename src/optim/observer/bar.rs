use super::{Observer, Progress};
use crate::Real;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use std::ops::ControlFlow;

/// A progress bar on standard error: epoch, value, rate and time left. Silent where standard error is no terminal.
///
/// Needs the feature `progress`.
///
/// ```
/// use residual::optim::{Bar, Observer, Progress};
/// let mut bar = Bar::default();
/// assert!(bar.observe(&Progress::<f64>::new(1, 0.5, None, &[])).is_continue());
/// ```
#[derive(Debug, Clone)]
pub struct Bar {
    bar: ProgressBar,
}

impl Default for Bar {
    fn default() -> Self {
        let bar = ProgressBar::with_draw_target(None, ProgressDrawTarget::stderr());
        // A template that does not parse would leave the default style.
        if let Ok(style) = ProgressStyle::with_template("{pos:>6}/{len} {wide_bar} {msg}  {eta} left") {
            bar.set_style(style);
        }
        Self { bar }
    }
}

impl<T: Real> Observer<T> for Bar {
    fn observe(&mut self, progress: &Progress<'_, T>) -> ControlFlow<()> {
        if self.bar.is_hidden() {
            return ControlFlow::Continue(());
        }
        if let Some(total) = progress.total() {
            self.bar.set_length(total as u64);
        }
        self.bar.set_message(match progress.rate() {
            Some(rate) => format!("value {:.6}  rate {rate:.3e}", progress.value()),
            None => format!("value {:.6}", progress.value()),
        });
        self.bar.set_position(progress.iteration() as u64);
        ControlFlow::Continue(())
    }

    fn choose(&mut self) -> Option<Vec<T>> {
        self.bar.abandon(); // leaves the last line standing
        None
    }

    fn is_stateless(&self) -> bool {
        true
    }
}

//! Finds a separating direction if there is one.

use super::cone::{Cone, Found};
use super::margins::{self, Direction, Pair, constraints, margin, rounding, scores, target};
use crate::Real;
use crate::data::Dataset;
use crate::risk::Scaling;

/// What is known of a data set.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Verdict {
    /// This direction separates, completely or not, which the data themselves confirm.
    Separated(Direction, bool),
    /// None does.
    Overlap,
    /// Neither could be shown.
    Unknown,
}

/// What is searched: these features of a data set, with or without an intercept.
pub(super) struct Space<'s, T: Real> {
    pub data: &'s Dataset<'s, T>,
    pub scaling: &'s Scaling,
    pub features: &'s [usize],
    pub bias: bool,
}

/// The most directions added to one another; a step of each is half as long at most, so that few can matter.
const ROUNDS: usize = 20;

/// Looks for a separating direction, and then for one that leaves as few samples on the boundary as possible.
pub(super) fn search<T: Real>(space: &Space<'_, T>) -> Verdict {
    let (mut direction, mut complete) = match among(space, None) {
        Verdict::Separated(direction, complete) => (direction, complete),
        other => return other,
    };
    for _ in 0..ROUNDS {
        if complete {
            break;
        }
        let Verdict::Separated(more, _) = among(space, Some(&direction)) else { break };
        let Some(better) = combine(space.data, &direction, &more) else { break };
        let Some(now) = margins::separates(space.data, &better) else { break };
        (direction, complete) = (better, now);
    }
    Verdict::Separated(direction, complete)
}

/// Looks for a direction that separates, or, given one, for another that separates what lies on the boundary of the first.
///
/// A few samples often show that there is none. If they leave a direction open, those samples join that contradict it most,
/// until none does. So the whole data set is read a few times only, and the small problems stay small.
fn among<T: Real>(space: &Space<'_, T>, boundary_of: Option<&Direction>) -> Verdict {
    let Space { data, scaling, features, bias } = *space;
    let columns = features.len() + usize::from(bias);
    let k = data.outputs();
    let mut cone = Cone::new(columns, k);
    let open = Open::new(data, boundary_of);
    let all: Vec<usize> = (0..data.samples()).filter(|&i| !open.of(i).is_empty()).collect();
    if columns == 0 || all.is_empty() {
        return Verdict::Overlap;
    }
    let most = (10 * columns).max(200);
    let mut inside = vec![false; data.samples()];
    let mut count = 0;
    let mut enter = |cone: &mut Cone, inside: &mut Vec<bool>, i: usize| {
        let x = features.iter().map(|&j| (data.feature(j)[i].to_f64() - scaling.shift[j]) * scaling.inverse[j]);
        cone.push(x.chain(bias.then_some(1.0)), &open.of(i));
        inside[i] = true;
        count += 1;
        count
    };
    let mut chosen = 0;
    for &i in all.iter().step_by(all.len().div_ceil(most)) {
        chosen = enter(&mut cone, &mut inside, i);
    }
    loop {
        match cone.search() {
            Found::Nothing(certain) if certain || chosen == all.len() => return Verdict::Overlap,
            Found::Unknown if chosen == all.len() => return Verdict::Unknown,
            Found::Direction(v) => {
                let direction = outward(&v, data.features(), k, features, scaling, bias);
                let against = contradicting(data, &direction, &open, &inside, most);
                if against.is_empty() {
                    let complete =
                        if boundary_of.is_some() { Some(false) } else { margins::separates(data, &direction) };
                    return complete.map_or(Verdict::Unknown, |complete| Verdict::Separated(direction, complete));
                }
                for i in against {
                    chosen = enter(&mut cone, &mut inside, i);
                }
            }
            // These samples do not span the features: take as many again.
            Found::Nothing(_) | Found::Unknown => {
                let rest: Vec<usize> = all.iter().copied().filter(|&i| !inside[i]).collect();
                for &i in rest.iter().step_by(rest.len().div_ceil(chosen)) {
                    chosen = enter(&mut cone, &mut inside, i);
                }
            }
        }
    }
}

/// The constraints still to be met strictly: all, or those that a direction leaves on its boundary.
struct Open<'s, T: Real> {
    data: &'s Dataset<'s, T>,
    /// Scores along the direction and their rounding errors.
    scores: Option<(Vec<f64>, Vec<f64>)>,
}

impl<'s, T: Real> Open<'s, T> {
    fn new(data: &'s Dataset<'s, T>, boundary_of: Option<&Direction>) -> Self {
        Self { data, scores: boundary_of.map(|direction| margins::rounded_scores(data, direction)) }
    }

    fn of(&self, i: usize) -> Vec<Pair> {
        let k = self.data.outputs();
        let mut y = vec![0.0; k];
        if !target(self.data, i, &mut y) {
            return Vec::new();
        }
        let on_boundary = |pair: &Pair| {
            let run = k * i..k * (i + 1);
            let at = |(z, e): &(Vec<f64>, Vec<f64>)| margin(&z[run.clone()], *pair) <= rounding(&e[run.clone()], *pair);
            self.scores.as_ref().is_none_or(at)
        };
        constraints(&y).filter(on_boundary).collect()
    }
}

/// a + t b with t so small that no margin of a that is positive is lost; `None` if none is so small.
fn combine<T: Real>(data: &Dataset<'_, T>, a: &Direction, b: &Direction) -> Option<Direction> {
    let k = data.outputs();
    let ((za, error), (zb, _)) = (margins::rounded_scores(data, a), scores(data, b));
    let (mut t, mut y) = (1.0f64, vec![0.0; k]);
    for i in 0..data.samples() {
        if !target(data, i, &mut y) {
            continue;
        }
        let run = k * i..k * (i + 1);
        for pair in constraints(&y) {
            let (ma, mb) = (margin(&za[run.clone()], pair), margin(&zb[run.clone()], pair));
            if ma > rounding(&error[run.clone()], pair) && mb < 0.0 {
                t = t.min(-0.5 * ma / mb);
            }
        }
    }
    let sum = |a: &[f64], b: &[f64]| a.iter().zip(b).map(|(a, b)| a + t * b).collect();
    (t > 0.0).then(|| Direction { weights: sum(&a.weights, &b.weights), intercept: sum(&a.intercept, &b.intercept) })
}

/// The direction in the user's units, largest entry 1.
fn outward(v: &[f64], p: usize, k: usize, features: &[usize], scaling: &Scaling, bias: bool) -> Direction {
    let columns = features.len() + usize::from(bias);
    let mut direction = Direction { weights: vec![0.0; p * k], intercept: vec![0.0; if bias { k } else { 0 }] };
    for (c, v) in v.chunks_exact(columns).enumerate() {
        for (&j, v) in features.iter().zip(v) {
            direction.weights[j * k + c] = v * scaling.inverse[j];
            if bias {
                direction.intercept[c] -= v * scaling.inverse[j] * scaling.shift[j];
            }
        }
        if bias {
            direction.intercept[c] += v[features.len()];
        }
    }
    let largest = |v: &[f64]| v.iter().fold(0.0, |max: f64, v| max.max(v.abs()));
    let size = match largest(&direction.weights) {
        0.0 => largest(&direction.intercept),
        size => size,
    };
    direction.weights.iter_mut().chain(&mut direction.intercept).for_each(|v| *v /= size);
    direction
}

/// The samples outside with the most negative margins, at most so many.
fn contradicting<T: Real>(
    data: &Dataset<'_, T>,
    direction: &Direction,
    open: &Open<'_, T>,
    inside: &[bool],
    most: usize,
) -> Vec<usize> {
    let k = data.outputs();
    let (z, error) = margins::rounded_scores(data, direction);
    let mut found = Vec::new();
    for i in (0..data.samples()).filter(|&i| !inside[i]) {
        let (z, error) = (&z[k * i..k * (i + 1)], &error[k * i..k * (i + 1)]);
        let beyond = open.of(i).into_iter().map(|pair| margin(z, pair) + rounding(error, pair));
        let lowest = beyond.fold(f64::INFINITY, f64::min);
        if lowest < 0.0 {
            found.push((lowest, i));
        }
    }
    found.sort_unstable_by(|a, b| a.0.total_cmp(&b.0));
    found.truncate(most);
    found.into_iter().map(|(_, i)| i).collect()
}

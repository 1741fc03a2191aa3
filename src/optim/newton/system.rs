//! The linear system of a Newton step.

use super::factor::{Factor, conjugate_gradient};
use crate::objective::{Coordinates, Hessian};
use crate::optim::run::{Point, dot};
use nalgebra::DMatrix;

/// The most parameters for which the Hessian is formed.
pub(super) const DENSE: usize = 1000;

/// The Newton system and its solution; what it needs for that is kept from one iteration to the next.
pub(super) struct System {
    pub direction: Vec<f64>,
    hessian: DMatrix<f64>,
    factor: Option<Factor>,
    first_norm: Option<f64>,
}

impl System {
    pub fn new(dim: usize) -> Self {
        let formed = if dim <= DENSE { dim } else { 0 };
        Self { direction: vec![0.0; dim], hessian: DMatrix::zeros(formed, formed), factor: None, first_norm: None }
    }

    /// Sets the direction at `here`; `None` if the Hessian is not finite.
    pub fn solve<T, O: Hessian<f64> + Coordinates<T> + ?Sized>(
        &mut self,
        objective: &mut O,
        here: &Point,
        precise: bool,
    ) -> Option<()> {
        if self.direction.len() > DENSE {
            return self.iterate(objective, here, precise);
        }
        objective.hessian(&here.phi, &mut self.hessian);
        self.factor = Some(Factor::new(&self.hessian)?);
        self.again(objective, here).map(|_| ())
    }

    /// Sets the direction at `here` with the factor at hand, before the first one with the objective's preconditioner, and
    /// returns λ² by it; `None` without either.
    pub fn again<T, O: Coordinates<T> + ?Sized>(&mut self, objective: &mut O, here: &Point) -> Option<f64> {
        if self.direction.len() > DENSE {
            return None;
        }
        self.direction.iter_mut().zip(&here.grad).for_each(|(d, g)| *d = -g);
        match &self.factor {
            Some(factor) => factor.solve(&mut self.direction),
            None if objective.precondition(&mut self.direction) => {}
            None => return None,
        }
        Some(-dot(&here.grad, &self.direction))
    }

    /// Whether the Hessian may have been singular: then the length of a step along its null space is arbitrary.
    pub fn is_arbitrary(&self) -> bool {
        self.factor.as_ref().is_none_or(|factor| factor.shifted)
    }

    fn iterate<T, O: Hessian<f64> + Coordinates<T> + ?Sized>(
        &mut self,
        objective: &mut O,
        here: &Point,
        precise: bool,
    ) -> Option<()> {
        let norm = dot(&here.grad, &here.grad).sqrt();
        let first = *self.first_norm.get_or_insert(norm);
        // min(½, √ relative gradient) makes the whole superlinear.
        let forcing = if precise { 1e-8 } else { (norm / first).sqrt().min(0.5) };
        // Two closures, one objective: a cell settles which of them borrows it.
        let shared = std::cell::RefCell::new(objective);
        conjugate_gradient(
            &here.grad,
            forcing,
            2 * self.direction.len(),
            |v, hv| shared.borrow_mut().hessian_product(&here.phi, v, hv),
            |r| {
                shared.borrow_mut().precondition(r);
            },
            &mut self.direction,
        );
        self.direction.iter().all(|d| d.is_finite()).then_some(())
    }
}

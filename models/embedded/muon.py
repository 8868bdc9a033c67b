"""Muon: momentum whose matrix is made orthogonal before the step (Keller Jordan et al. 2024, "Muon")."""

from collections.abc import Sequence
from concurrent.futures import Executor

import torch
from torch import Tensor


def orthogonalise(matrix: Tensor, steps: int = 5) -> Tensor:
    """A matrix of the same singular vectors with singular values near 1: quintic Newton-Schulz steps."""
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrix / (matrix.norm() + 1e-7)
    is_tall = x.shape[0] > x.shape[1]
    x = x.T if is_tall else x
    for _ in range(steps):
        gram = x @ x.T
        x = a * x + (b * gram + c * gram @ gram) @ x
    return x.T if is_tall else x


class Muon(torch.optim.Optimizer):
    """For the weights of linear layers only. `lr` is the spectral size of a step on a square matrix."""

    def __init__(self, params: Sequence[Tensor], lr: float, momentum: float, weight_decay: float) -> None:
        super().__init__(params, dict(lr=lr, momentum=momentum, weight_decay=weight_decay))

    @torch.no_grad()
    def step(self, pool: Executor) -> None:  # type: ignore[override]
        """One step of every matrix, several at a time."""
        for group in self.param_groups:
            list(pool.map(lambda weight: self._step_one(weight, group), group["params"]))

    @torch.no_grad()
    def _step_one(self, weight: Tensor, group: dict[str, float]) -> None:
        state = self.state[weight]
        if "momentum" not in state:
            state["momentum"] = torch.zeros_like(weight)
        momentum, gradient = state["momentum"], weight.grad
        momentum.lerp_(gradient, 1 - group["momentum"])
        update = orthogonalise(gradient.lerp(momentum, group["momentum"]))
        scale = max(1.0, weight.shape[0] / weight.shape[1]) ** 0.5
        weight.mul_(1 - group["lr"] * group["weight_decay"])
        weight.add_(update, alpha=-group["lr"] * scale)

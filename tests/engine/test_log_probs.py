"""The gradient of the log-probabilities that a loss reads, against autograd's own."""

from __future__ import annotations

import torch

from romebench.engine.log_probs import picked_and_last


def test_the_gradient_is_autograds() -> None:
    generator = torch.Generator().manual_seed(0)
    logits = torch.randn(5, 11, generator=generator, dtype=torch.float64)
    targets = torch.tensor([3, 0, 10, 3])
    start = torch.log_softmax(torch.randn(11, generator=generator, dtype=torch.float64), -1)
    weights = torch.rand(4, generator=generator, dtype=torch.float64)

    def loss(picked: torch.Tensor, last: torch.Tensor) -> torch.Tensor:
        return -(picked * weights).sum() + 0.06 * (last.exp() * (last - start)).sum()

    plain = logits.clone().requires_grad_(True)
    log_probs = torch.log_softmax(plain, -1)
    wanted = loss(log_probs[:-1].gather(1, targets[:, None])[:, 0], log_probs[-1])
    wanted.backward()
    ours = logits.clone().requires_grad_(True)
    found = loss(*picked_and_last(ours, targets))
    found.backward()
    assert torch.equal(found, wanted)
    assert plain.grad is not None
    assert ours.grad is not None
    assert torch.allclose(ours.grad, plain.grad, rtol=1e-12, atol=1e-15)
    assert torch.equal(ours.detach(), logits)

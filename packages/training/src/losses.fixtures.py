"""Writes losses.fixtures.json: values and gradients of PyTorch's losses in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 losses.fixtures.py
"""

import json
from pathlib import Path

import torch
from torch.nn import functional as F

torch.manual_seed(3)
outputs = torch.randn(4, 3, dtype=torch.float64) * 3
outputs[0, 0], outputs[0, 1] = 60, -60
targets = torch.randn(4, 3, dtype=torch.float64)
probabilities = torch.rand(4, 3, dtype=torch.float64)
labels = torch.tensor([2, 0, 1, 1])
signs = F.one_hot(labels, 3).double() * 2 - 1


def squared_hinge(y, t, reduction):
    losses = torch.clamp(1 - t * y, min=0) ** 2
    return {"none": losses, "sum": losses.sum(), "mean": losses.mean()}[reduction]


losses = {
    "meanSquaredError": (targets, lambda y, t, r: F.mse_loss(y, t, reduction=r)),
    "binaryCrossEntropyWithLogits": (
        probabilities,
        lambda y, t, r: F.binary_cross_entropy_with_logits(y, t, reduction=r),
    ),
    "huber": (targets, lambda y, t, r: F.huber_loss(y, t, reduction=r, delta=1.0)),
    "huberWide": (targets, lambda y, t, r: F.huber_loss(y, t, reduction=r, delta=2.5)),
    "squaredHinge": (signs, squared_hinge),
}


def case(name, target, loss):
    y = outputs.clone().requires_grad_()
    loss(y, target, "mean").backward()
    return {
        "name": name,
        "targets": target.tolist(),
        "mean": loss(outputs, target, "mean").item(),
        "sum": loss(outputs, target, "sum").item(),
        "none": loss(outputs, target, "none").tolist(),
        "gradient": y.grad.tolist(),
    }


fixtures = {
    "outputs": outputs.tolist(),
    "labels": labels.tolist(),
    "cases": [case(name, target, loss) for name, (target, loss) in losses.items()],
}
Path(__file__).with_name("losses.fixtures.json").write_text(json.dumps(fixtures) + "\n")

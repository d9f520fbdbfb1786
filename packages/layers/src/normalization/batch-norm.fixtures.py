"""BatchNorm in PyTorch (f64): outputs and running statistics over several steps of training, then at inference; LayerNorm.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 batch-norm.fixtures.py   (writes batch-norm.fixtures.json beside this file)
"""

import json
from pathlib import Path

import torch

torch.set_default_dtype(torch.float64)
torch.manual_seed(20150211)
STEPS = 4


def single(*shape, spread=1.0, centre=0.0):
    return (centre + spread * torch.randn(*shape)).float().double()


def flat(x):
    return [round(float(v), 9) for v in x.detach().flatten()]


def training(shape, momentum, epsilon):
    channels = shape[-1]
    norm = torch.nn.BatchNorm1d(channels, eps=epsilon, momentum=momentum)
    with torch.no_grad():
        norm.weight.copy_(single(channels))
        norm.bias.copy_(single(channels))
    start = {"scale": flat(norm.weight), "shift": flat(norm.bias)}
    optimizer = torch.optim.SGD(norm.parameters(), lr=0.1)
    steps = []
    for step in range(STEPS):
        x = single(*shape, spread=1 + step, centre=step - 1).requires_grad_()
        cotangent = single(*shape)
        optimizer.zero_grad()
        # Over all axes but the last.
        y = norm(x.reshape(-1, channels)).reshape(shape)
        (y * cotangent).sum().backward()
        steps.append({"x": flat(x), "cotangent": flat(cotangent), "y": flat(y), "dx": flat(x.grad)})
        steps[-1].update(dScale=flat(norm.weight.grad), dShift=flat(norm.bias.grad))
        optimizer.step()
        steps[-1].update(mean=flat(norm.running_mean), variance=flat(norm.running_var))
    norm.eval()
    x = single(*shape)
    y = norm(x.reshape(-1, channels)).reshape(shape)
    options = {"channels": channels, "momentum": momentum, "epsilon": epsilon}
    return {"options": options, "shape": list(shape), **start, "steps": steps, "x": flat(x), "y": flat(y)}


def ap2(x):
    return torch.sign(x) * torch.where(x == 0, 0.0, 2.0 ** torch.round(torch.log2(x.abs())))


class ShiftBatchNorm(torch.autograd.Function):
    """Algorithm 2 of Courbariaux et al. 2016; x [N, C]. Backward as of batch normalisation, powers of two in place."""

    @staticmethod
    def forward(ctx, x, gamma, beta, eps):
        c = x - x.mean(0)
        variance = (c * ap2(c)).mean(0)
        inverse = ap2(1 / torch.sqrt(variance + eps))
        normal = c * inverse
        ctx.save_for_backward(normal, inverse, ap2(gamma))
        ctx.mark_non_differentiable(variance)
        return ap2(gamma) * normal + beta, variance

    @staticmethod
    def backward(ctx, g, _):
        normal, inverse, factor = ctx.saved_tensors
        dx = factor * inverse * (g - g.mean(0) - normal * (g * normal).mean(0))
        return dx, (g * normal).sum(0), g.sum(0), None


def shift_based(shape, momentum, epsilon):
    channels = shape[-1]
    gamma, beta = single(channels).requires_grad_(), single(channels).requires_grad_()
    start = {"scale": flat(gamma), "shift": flat(beta)}
    optimizer = torch.optim.SGD([gamma, beta], lr=0.1)
    mean, variance = torch.zeros(channels), torch.ones(channels)
    steps = []
    for step in range(STEPS):
        x = single(*shape, spread=1 + step, centre=step - 1).requires_grad_()
        cotangent = single(*shape)
        rows = x.reshape(-1, channels)
        optimizer.zero_grad()
        y, found = ShiftBatchNorm.apply(rows, gamma, beta, epsilon)
        (y.reshape(shape) * cotangent).sum().backward()
        steps.append({"x": flat(x), "cotangent": flat(cotangent), "y": flat(y), "dx": flat(x.grad)})
        steps[-1].update(dScale=flat(gamma.grad), dShift=flat(beta.grad))
        optimizer.step()
        count = rows.shape[0]
        mean = (1 - momentum) * mean + momentum * rows.detach().mean(0)
        variance = (1 - momentum) * variance + momentum * found.detach() * count / (count - 1)
        steps[-1].update(mean=flat(mean), variance=flat(variance))
    x = single(*shape)
    y = (x.reshape(-1, channels) - mean) * ap2(1 / torch.sqrt(variance + epsilon)) * ap2(gamma) + beta
    options = {"channels": channels, "momentum": momentum, "epsilon": epsilon, "shiftBased": True}
    return {"options": options, "shape": list(shape), **start, "steps": steps, "x": flat(x), "y": flat(y)}


def layer_norm(shape):
    channels = shape[-1]
    x, cotangent = single(*shape).requires_grad_(), single(*shape)
    norm = torch.nn.LayerNorm(channels)
    with torch.no_grad():
        norm.weight.copy_(single(channels))
        norm.bias.copy_(single(channels))
    y = norm(x)
    (y * cotangent).sum().backward()
    return {
        "shape": list(shape),
        **{"scale": flat(norm.weight), "shift": flat(norm.bias), "x": flat(x), "cotangent": flat(cotangent)},
        **{"y": flat(y), "dx": flat(x.grad), "dScale": flat(norm.weight.grad), "dShift": flat(norm.bias.grad)},
    }


fixtures = {
    "training": [training((3, 2, 4, 3), 0.1, 1e-5), training((5, 2), 0.3, 1e-2)],
    "layerNorm": [layer_norm((4, 6)), layer_norm((2, 3, 5))],
    "shiftBased": [shift_based((3, 2, 4, 3), 0.1, 1e-5), shift_based((5, 2), 0.3, 1e-2), shift_based((40, 6), 0.1, 1e-4)],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")

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
}
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")

"""Quantisers and their pseudo-gradients, each written as a torch.autograd.Function, in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 quantizers.fixtures.py

Cases are of the form of ops.fixtures.py, first order: y = op(inputs, parameters), and the gradients of sum(w(y) * y) by
the inputs with w_i = 0.5 + ((37 i) mod 101) / 101.
"""

import json
import math
import os

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.RandomState(7)
cases = []


class Sign(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        ctx.save_for_backward(x)
        return torch.where(x >= 0, 1.0, -1.0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1)


class StochasticSign(torch.autograd.Function):
    """Given the uniform numbers that it draws."""

    @staticmethod
    def forward(ctx, x, u):
        ctx.save_for_backward(x)
        probability = torch.clamp((x + 1) / 2, 0, 1)
        return torch.where(u < probability, 1.0, -1.0)

    @staticmethod
    def backward(ctx, g):
        (x,) = ctx.saved_tensors
        return g * (x.abs() <= 1), None


class LearnedStep(torch.autograd.Function):
    """Eq. 1 to 3 of the paper, the gradient scale of its section 2.2."""

    @staticmethod
    def forward(ctx, x, s, low, high, count):
        ctx.save_for_backward(x, s)
        ctx.levels = (low, high, count)
        return torch.round(torch.clamp(x / s, low, high)) * s

    @staticmethod
    def backward(ctx, g):
        x, s = ctx.saved_tensors
        low, high, count = ctx.levels
        v = x / s
        dx = g * ((v > low) & (v < high))
        ds = torch.where(v <= low, float(low), torch.where(v >= high, float(high), torch.round(v) - v))
        return dx, (g * ds).sum().reshape(s.shape) / math.sqrt(count * high), None, None, None


class PowerOfTwo(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.sign(x) * torch.where(x == 0, 0.0, 2.0 ** torch.round(torch.log2(x.abs())))

    @staticmethod
    def backward(ctx, g):
        return g


def values(t):
    return {'shape': list(t.shape), 'values': t.detach().flatten().tolist()}


def case(op, f, inputs, parameters=None):
    xs = [torch.as_tensor(x, dtype=torch.float64).clone().requires_grad_() for x in inputs]
    y = f(*xs)
    i = torch.arange(y.numel()).reshape(y.shape)
    weights = 0.5 + ((37 * i) % 101) / 101
    gradients = torch.autograd.grad((weights * y).sum(), xs, allow_unused=True)
    cases.append({
        'op': op,
        'parameters': parameters or {},
        'inputs': [values(x) for x in xs],
        'output': values(y),
        'gradients': [values(torch.zeros_like(x) if g is None else g) for x, g in zip(xs, gradients)],
    })


def f32(x):
    # The same numbers in both precisions.
    return np.float32(x).astype(np.float64)


edges = f32([0.0, -0.0, 1.0, -1.0, 1 + 2.0**-20, -1 - 2.0**-20, 1e-40, -1e-40, 3.0, -5.0])
case('binarize', Sign.apply, [f32(rng.randn(4, 9))])
case('binarize', Sign.apply, [edges])
case('stochasticBinarize', StochasticSign.apply, [f32(rng.randn(5, 12)), f32(rng.rand(5, 12))])
case('stochasticBinarize', StochasticSign.apply, [edges, f32([0.5] * 2 + [0.0] * 4 + [0.49, 0.51, 0.999, 0.0])])

for low, high, count, step, spread, shape in [
    (-2, 1, 40, 0.61, 1.0, (5, 8)),
    (-8, 7, 60, 0.13, 0.7, (6, 10)),
    (-128, 127, 24, 0.011, 1.0, (24,)),
    (0, 1, 9, 0.9, 1.0, (4, 9)),
    (0, 3, 9, 0.4, 1.0, (4, 9)),
    (0, 15, 12, 0.17, 2.0, (3, 12)),
    (-1, 1, 50, 0.77, 1.0, (5, 10)),
]:
    parameters = {'low': low, 'high': high, 'count': count}
    f = lambda x, s: LearnedStep.apply(x, s, low, high, count)
    case('quantize', f, [f32(spread * rng.randn(*shape)), f32([step])], parameters)

case('powerOfTwo', PowerOfTwo.apply, [f32(rng.randn(40) * 10.0 ** rng.randint(-12, 12, 40))])
case('powerOfTwo', PowerOfTwo.apply, [f32([0.0, 1.0, -1.0, 1.41, 1.42, 0.7, 0.71, -3.0, 6.0, 2.0**-60, -(2.0**60)])])

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'quantizers.fixtures.json'), 'w') as f:
    json.dump(cases, f)
    f.write('\n')

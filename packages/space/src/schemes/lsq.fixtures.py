"""Weights of a learned step size, of several bits or of three levels, with gradients, by PyTorch in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 lsq.fixtures.py
"""

import json
import math
import os

import numpy as np
import torch

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.RandomState(3)


class Rounded(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.round(x)

    @staticmethod
    def backward(ctx, g):
        return g


class Scaled(torch.autograd.Function):
    """The value with its gradient times a factor."""

    @staticmethod
    def forward(ctx, x, factor):
        ctx.factor = factor
        return x.clone()

    @staticmethod
    def backward(ctx, g):
        return g * ctx.factor, None


def case(kind, bits, rows, cols, step):
    low, high = (-1, 1) if kind == 'ternary' else (-(2 ** (bits - 1)), 2 ** (bits - 1) - 1)
    w = torch.tensor(np.float32(0.5 * rng.randn(rows, cols)).astype(np.float64), requires_grad=True)
    s = torch.tensor(float(np.float32(step)), requires_grad=True)
    d = torch.tensor(np.round(rng.randn(rows, cols), 3))
    scaled = Scaled.apply(s, 1 / math.sqrt(rows * cols * high))
    v = Rounded.apply(torch.clamp(w / scaled, low, high)) * scaled
    dw, ds = torch.autograd.grad((v * d).sum(), [w, s])
    return {
        'kind': kind, 'bits': bits, 'rows': rows, 'cols': cols,
        'latent': w.detach().flatten().tolist(), 'step': s.item(), 'cotangent': d.flatten().tolist(),
        'entries': v.detach().flatten().tolist(), 'dLatent': dw.flatten().tolist(), 'dStep': ds.item(),
    }


cases = [
    case('lsq', 2, 5, 7, 0.4), case('lsq', 3, 4, 9, 0.21), case('lsq', 4, 8, 6, 0.1), case('lsq', 8, 3, 11, 0.013),
    case('ternary', 0, 6, 9, 0.55), case('ternary', 0, 3, 4, 0.2),
]
here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'lsq.fixtures.json'), 'w') as f:
    json.dump(cases, f)
    f.write('\n')

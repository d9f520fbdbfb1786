"""Convolutions and transposed convolutions, with gradients and second-order quantities, by PyTorch in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 virtual-conv.fixtures.py

Each case: y = op(x, w, bias); g = gradients of sum(u(y) * y) by the inputs; h = gradients of sum over inputs of
sum(v(g) * g) by the inputs, with u_i = 0.5 + ((37 i) mod 101) / 101 and v_i = 0.5 + ((53 i) mod 103) / 103.
Images are converted from channels-last here, and kernels from [out, (kh, kw, c)] (transposed: [in, (kh, kw, c)]).
With "tanh" the kernel is tanh(w): a formula that is not linear.
"""

import json
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.RandomState(22)
cases = []


def weights(t, step, modulus):
    i = torch.arange(t.numel())
    return (0.5 + ((step * i) % modulus) / modulus).reshape(t.shape)


def values(t):
    flat = [float('%.12g' % v) for v in (t.detach() + torch.zeros(t.shape)).flatten().tolist()]
    return {'shape': list(t.shape), 'values': flat}


def normal(*shape):
    return np.round(rng.randn(*shape), 3)


def case(op, f, inputs, parameters):
    xs = [torch.as_tensor(x, dtype=torch.float64).clone().requires_grad_() for x in inputs]
    y = f(*xs)
    g = torch.autograd.grad((weights(y, 37, 101) * y).sum(), xs, create_graph=True)
    s = sum((weights(t, 53, 103) * t).sum() for t in g)
    h = torch.autograd.grad(s, xs, allow_unused=True)
    cases.append({
        'op': op,
        'parameters': parameters,
        'inputs': [values(x) for x in xs],
        'output': values(y),
        'gradients': [values(t) for t in g],
        'second': [values(torch.zeros_like(x) if t is None else t) for t, x in zip(h, xs)],
    })


def kernel(w, size, tanh):
    """[n, (k..., c)] to [n, c, k...]."""
    w = w.reshape(w.shape[0], *size, -1).movedim(-1, 1)
    return torch.tanh(w) if tanh else w


def conv(x, w, bias, size, tanh=False, padding=0, **options):
    """padding: numbers, or for each axis [before, after]."""
    x = x.movedim(-1, 1)
    if isinstance(padding, list) and isinstance(padding[0], list):
        x = F.pad(x, [amount for pair in reversed(padding) for amount in pair])
        padding = 0
    f = F.conv2d if len(size) == 2 else F.conv1d
    return f(x, kernel(w, size, tanh), bias, padding=padding, **options).movedim(1, -1)


def transposed(y, w, bias, size, tanh=False, outputPadding=0, **options):
    f = F.conv_transpose2d if len(size) == 2 else F.conv_transpose1d
    y = f(y.movedim(-1, 1), kernel(w, size, tanh), bias, output_padding=outputPadding, **options)
    return y.movedim(1, -1)


# x, output channels, kernel, options.
for shape, channels, size, options in [
    ((2, 5, 6, 3), 4, [3, 3], {}),
    ((1, 6, 5, 2), 3, [2, 3], dict(stride=[1, 2], padding=[1, 0])),
    ((2, 7, 8, 1), 2, [5, 5], dict(padding=2)),
    ((1, 9, 8, 2), 2, [3, 2], dict(stride=[3, 2], padding=[2, 1], dilation=[2, 3])),
    ((1, 8, 7, 4), 6, [3, 3], dict(groups=2, padding=1)),
    ((1, 7, 7, 6), 3, [2, 2], dict(groups=3, stride=3, dilation=2, padding=[1, 2])),
    ((2, 5, 6, 3), 3, [3, 3], dict(groups=3, padding=1)),
    ((1, 7, 6, 2), 6, [3, 2], dict(groups=2, stride=[2, 3], padding=[1, 1], dilation=[2, 1])),
    ((1, 3, 4, 5), 2, [1, 1], {}),
    ((1, 5, 5, 3), 2, [1, 1], dict(stride=2, padding=1)),
    ((1, 4, 5, 2), 2, [3, 2], dict(padding=[[1, 2], [0, 3]])),
    ((1, 3, 3, 1), 2, [2, 2], dict(padding=3)),
    ((1, 5, 4, 2), 3, [4, 3], dict(padding='same')),
    ((2, 9, 3), 4, [3], dict(stride=2, padding=1)),
    ((1, 11, 4), 4, [3], dict(groups=2, dilation=3)),
    ((1, 10, 3), 3, [4], dict(groups=3, stride=3)),
]:
    inputs = shape[-1] // options.get('groups', 1)
    w = normal(channels, int(np.prod(size)) * inputs) * 0.7
    for tanh in ([False, True] if len(cases) % 3 == 0 else [False]):
        case('conv', lambda x, w, b: conv(x, w, b, size, tanh, **options), [normal(*shape), w, normal(channels)],
             {**options, 'kernel': size, 'tanh': tanh})

# y, output channels, kernel, options.
for shape, channels, size, options in [
    ((2, 3, 4, 3), 2, [3, 3], {}),
    ((1, 3, 4, 2), 3, [2, 3], dict(stride=[2, 3], padding=[1, 1])),
    ((1, 3, 3, 2), 2, [3, 2], dict(stride=[3, 2], padding=[2, 0], dilation=[2, 3], outputPadding=[2, 1])),
    ((1, 4, 3, 4), 6, [3, 3], dict(groups=2, stride=2, outputPadding=1)),
    ((1, 4, 4, 3), 3, [3, 3], dict(groups=3, stride=2, padding=1)),
    ((1, 3, 4, 6), 2, [2, 3], dict(groups=2, stride=[1, 2])),
    ((1, 5, 5, 2), 1, [1, 1], dict(padding=1)),
    ((2, 5, 3), 4, [4], dict(stride=2, padding=1)),
]:
    groups = options.get('groups', 1)
    w = normal(shape[-1], int(np.prod(size)) * (channels // groups)) * 0.7
    for tanh in ([False, True] if len(cases) % 3 == 0 else [False]):
        case('convTranspose', lambda y, w, b: transposed(y, w, b, size, tanh, **options),
             [normal(*shape), w, normal(channels)], {**options, 'kernel': size, 'tanh': tanh})

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'virtual-conv.fixtures.json'), 'w') as out:
    out.write('[\n' + ',\n'.join(json.dumps(entry) for entry in cases) + '\n]\n')
print(len(cases), 'cases')

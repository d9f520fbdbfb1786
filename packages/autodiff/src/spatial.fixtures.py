"""Pooling, windows, upsampling and normalisation, with gradients and second-order quantities, by PyTorch in f64.

    OMP_NUM_THREADS=1 /usr/bin/python3 spatial.fixtures.py

Cases as of ops.fixtures.py. Inputs and outputs are converted between PyTorch's channels-first and channels-last here.
"""

import json
import os

import numpy as np
import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
rng = np.random.RandomState(21)
cases = []


def weights(t, step, modulus):
    i = torch.arange(t.numel())
    return (0.5 + ((step * i) % modulus) / modulus).reshape(t.shape)


def values(t):
    # Twelve digits are more than any comparison asks for.
    flat = [float('%.12g' % v) for v in (t.detach() + torch.zeros(t.shape)).flatten().tolist()]
    return {'shape': list(t.shape), 'values': flat}


def case(op, f, inputs, parameters=None):
    xs = [torch.as_tensor(x, dtype=torch.float64).clone().requires_grad_() for x in inputs]
    y = f(*xs)
    zeros = lambda grads: [torch.zeros_like(x) if g is None else g for g, x in zip(grads, xs)]
    g = zeros(torch.autograd.grad((weights(y, 37, 101) * y).sum(), xs, create_graph=True, allow_unused=True))
    s = sum((weights(t, 53, 103) * t).sum() for t in g)
    h = torch.autograd.grad(s, xs, allow_unused=True) if s.requires_grad else [None] * len(xs)
    cases.append({
        'op': op,
        'parameters': parameters if parameters is not None else {},
        'inputs': [values(x) for x in xs],
        'output': values(y),
        'gradients': [values(t) for t in g],
        'second': [values(t) for t in zeros(h)],
    })


def normal(*shape):
    return np.round(rng.randn(*shape), 3)


def first(x):
    """[B, ...spatial, C] to [B, C, ...spatial]."""
    return x.movedim(-1, 1)


def last(x):
    return x.movedim(1, -1)


# Squared where an op is linear, so that gradients of gradients are not 0.
pools = [
    ((2, 6, 6, 3), dict(kernel=2)),
    ((1, 7, 9, 2), dict(kernel=[2, 3])),
    ((2, 7, 8, 2), dict(kernel=3, stride=2)),
    ((1, 7, 8, 2), dict(kernel=3, stride=2, padding=1)),
    ((1, 8, 9, 1), dict(kernel=[3, 4], stride=[1, 3], padding=[1, 2])),
    ((1, 9, 10, 2), dict(kernel=3, stride=2, padding=1, dilation=2)),
    ((2, 5, 5, 4), dict(kernel=3, stride=1, padding=1)),
    ((1, 5, 7, 2), dict(kernel=[2, 1], stride=3)),
    ((1, 4, 4, 10), dict(kernel=2)),
]
for shape, p in pools:
    args = dict(kernel_size=p['kernel'], stride=p.get('stride'), padding=p.get('padding', 0))
    x = normal(*shape)
    case('maxPool', lambda x: torch.square(last(F.max_pool2d(first(x), dilation=p.get('dilation', 1), **args))), [x], p)
    if 'dilation' in p:
        continue
    for count in (True, False):
        case('averagePool',
             lambda x: torch.square(last(F.avg_pool2d(first(x), count_include_pad=count, **args))),
             [x], {**p, 'countPadding': count})
# Equal maxima: the first in row-major order has the gradient.
case('maxPool', lambda x: torch.square(last(F.max_pool2d(first(x), 2))), [np.round(normal(1, 6, 8, 2))], dict(kernel=2))
case('maxPool', lambda x: torch.square(last(F.max_pool2d(first(x), 3, 2, 1))), [np.round(normal(1, 6, 8, 2))],
     dict(kernel=3, stride=2, padding=1))
for p in (dict(kernel=3), dict(kernel=3, stride=2, padding=1)):
    args = dict(kernel_size=p['kernel'], stride=p.get('stride'), padding=p.get('padding', 0))
    case('maxPool', lambda x: torch.square(last(F.max_pool1d(first(x), **args))), [normal(2, 10, 3)], p)
    case('averagePool', lambda x: torch.square(last(F.avg_pool1d(first(x), **args))), [normal(2, 10, 3)],
         {**p, 'countPadding': True})
case('globalAveragePool', lambda x: torch.square(F.adaptive_avg_pool2d(first(x), 1)[:, :, 0, 0]), [normal(2, 3, 4, 5)])
case('globalAveragePool', lambda x: torch.square(F.adaptive_avg_pool1d(first(x), 1)[:, :, 0]), [normal(2, 3, 4)])


def unfold(x, p):
    """[B, H, W, C] to [B, oH, oW, kh, kw, C]."""
    b, h, w, c = x.shape
    flat = F.unfold(first(x), p['kernel'], p['dilation'], 0, p['stride'])
    (kh, kw), (sh, sw), (dh, dw) = p['kernel'], p['stride'], p['dilation']
    oh, ow = (h - dh * (kh - 1) - 1) // sh + 1, (w - dw * (kw - 1) - 1) // sw + 1
    return flat.reshape(b, c, kh, kw, oh, ow).permute(0, 4, 5, 2, 3, 1)


for shape, p in [
    ((2, 5, 6, 3), dict(kernel=[2, 3], stride=[1, 1], dilation=[1, 1])),
    ((1, 7, 8, 2), dict(kernel=[3, 2], stride=[2, 3], dilation=[1, 2])),
    ((1, 8, 9, 1), dict(kernel=[2, 2], stride=[3, 2], dilation=[2, 3])),
    ((1, 9, 9, 2), dict(kernel=[3, 3], stride=[4, 2], dilation=[2, 1])),
]:
    x = normal(*shape)
    y = unfold(torch.as_tensor(x), p)
    case('windows', lambda x: torch.square(unfold(x, p)), [x], p)

    def fold(y):
        b, oh, ow, kh, kw, c = y.shape
        flat = y.permute(0, 5, 3, 4, 1, 2).reshape(b, c * kh * kw, oh * ow)
        return torch.square(last(F.fold(flat, shape[1:3], p['kernel'], p['dilation'], 0, p['stride'])))

    case('overlapAdd', fold, [normal(*y.shape)], {**p, 'shape': list(shape)})

for shape, scale in [((2, 3, 4, 2), [2, 2]), ((1, 2, 3, 1), [3, 1]), ((1, 1, 4, 3), [2, 4])]:
    x = normal(*shape)
    for op, mode in (('upsampleNearest', dict(mode='nearest')),
                     ('upsampleBilinear', dict(mode='bilinear', align_corners=False))):
        f = lambda x: torch.square(last(F.interpolate(first(x), scale_factor=[float(s) for s in scale], **mode)))
        case(op, f, [x], {'scale': scale})
case('upsampleBilinear', lambda x: torch.square(last(F.interpolate(first(x), scale_factor=3.0, mode='linear'))),
     [normal(2, 4, 3)], {'scale': [3]})

for shape in [(4, 3, 2, 3), (2, 5, 4), (6, 3)]:
    channels = shape[-1]
    inputs = [normal(*shape), normal(channels) + 1.5, normal(channels)]
    for epsilon in (1e-5, 0.1):
        case('batchNorm', lambda x, s, b: last(F.batch_norm(first(x), None, None, s, b, True, eps=epsilon)), inputs,
             {'epsilon': epsilon})
        case('layerNorm', lambda x, s, b: F.layer_norm(x, (channels,), s, b, epsilon), inputs, {'epsilon': epsilon})
case('multiplyAdd', lambda x, y, z: x * y + z, [normal(2, 3, 4), normal(4), normal(3, 1)])

# Running statistics over several steps.
norm = torch.nn.BatchNorm2d(3, momentum=0.1)
steps = []
for _ in range(4):
    x = torch.as_tensor(normal(2, 3, 2, 3))
    norm(first(x))
    steps.append({'x': values(x), 'mean': norm.running_mean.tolist(), 'variance': norm.running_var.tolist()})

# Over several axes.
inputs = [normal(2, 3, 2, 4), normal(2, 4) + 1.5, normal(2, 4)]
case('layerNorm', lambda x, s, b: F.layer_norm(x, (2, 4), s, b, 0.1), inputs, {'epsilon': 0.1})
case('globalMaxPool', lambda x: torch.square(x.amax((1, 2))), [normal(2, 3, 4, 2)])

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'spatial.fixtures.json'), 'w') as out:
    lines = ',\n'.join(json.dumps(entry) for entry in cases)
    out.write('{"running":' + json.dumps(steps) + ',\n"cases":[\n' + lines + '\n]}\n')

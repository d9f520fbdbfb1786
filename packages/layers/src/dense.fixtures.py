"""Outputs and gradients of one dense layer for every activation, with a plain and with a HashedNets matrix.

Oracles: PyTorch in f64 and the reference xxHash. Run: OMP_NUM_THREADS=1 /usr/bin/python3 dense.fixtures.py
"""

import json
import struct
from pathlib import Path

import torch
import torch.nn.functional as F
import xxhash

torch.set_default_dtype(torch.float64)
torch.manual_seed(20160527)

BATCH, IN, OUT, BUCKETS, SEED = 3, 4, 5, 6, 7

ACTIVATIONS = {
    "none": lambda z: z,
    "relu": F.relu,
    "leakyRelu": F.leaky_relu,
    "elu": F.elu,
    "gelu": lambda z: F.gelu(z, approximate="tanh"),
    "silu": F.silu,
    "sigmoid": torch.sigmoid,
    "softplus": F.softplus,
    "tanh": torch.tanh,
}


def single(*shape):
    """Random values that f32 holds exactly."""
    return torch.randn(*shape).float().double().requires_grad_()


def hashed(w):
    """Chen et al. 2015, eq. 7: bucket from the high bits of the hash, sign from its lowest."""
    entries = []
    for i in range(OUT):
        for j in range(IN):
            h = xxhash.xxh32(struct.pack("<II", i, j), seed=SEED).intdigest()
            entries.append(w[h * BUCKETS >> 32] * (1 - 2 * (h & 1)))
    return torch.stack(entries).reshape(OUT, IN)


def case(name, w, matrix):
    x, bias, cotangent = single(BATCH, IN), single(OUT), single(BATCH, OUT)
    y = ACTIVATIONS[name](x @ matrix(w).T + bias)
    dx, dw, dbias = torch.autograd.grad((y * cotangent).sum(), [x, w, bias])
    tensors = dict(x=x, w=w, bias=bias, cotangent=cotangent, y=y, dx=dx, dw=dw, dbias=dbias)
    return {"activation": name, **{key: value.flatten().tolist() for key, value in tensors.items()}}


fixtures = {
    "plain": [case(name, single(OUT, IN), lambda w: w) for name in ACTIVATIONS],
    "hashed": [case(name, single(BUCKETS), hashed) for name in ("none", "relu", "tanh")],
}
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")

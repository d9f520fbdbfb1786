"""Steps of shift-based AdaMax, algorithm 3 of Courbariaux et al. 2016, by numpy, in f64 and f32.

    /usr/bin/python3 shift-ada-max.fixtures.py
"""

import json
from pathlib import Path

import numpy as np

rng = np.random.RandomState(11)
STEPS = 8


def ap2(x):
    return np.sign(x) * np.exp2(np.round(np.log2(np.abs(x))))


def run(dtype, start, gradients, lr, beta1, beta2):
    w = start.astype(dtype)
    m, v = np.zeros_like(w), np.zeros_like(w)
    trace = []
    for t, gradient in enumerate(gradients, 1):
        g = gradient.astype(dtype)
        m = (beta1 * m + (1 - beta1) * g).astype(dtype)
        v = np.maximum(beta2 * v, np.abs(g)).astype(dtype)
        w = (w - ap2(lr / (1 - beta1**t)) * m * ap2(1 / v)).astype(dtype)
        trace.append(w.tolist())
    return trace


start = np.float32(rng.randn(12)).astype(np.float64)
gradients = [np.float32(rng.randn(12) * 10.0 ** rng.randint(-4, 3, 12)).astype(np.float64) for _ in range(STEPS)]
cases = []
for options in ({}, {"learningRate": 0.03}, {"learningRate": 0.01, "beta1": 0.9, "beta2": 0.99}):
    lr, b1, b2 = options.get("learningRate", 2**-10), options.get("beta1", 1 - 2**-3), options.get("beta2", 1 - 2**-10)
    traces = {name: run(dtype, start, gradients, lr, b1, b2) for name, dtype in (("f64", np.float64), ("f32", np.float32))}
    cases.append({"options": options, **traces})
fixtures = {"start": start.tolist(), "gradients": [g.tolist() for g in gradients], "cases": cases}
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")

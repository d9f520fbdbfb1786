"""Coverage metrics of random states, from their definitions, in f64 by numpy.

    OMP_NUM_THREADS=1 /usr/bin/python3 metrics.fixtures.py
"""

import json
from pathlib import Path
from statistics import NormalDist

import numpy as np

rng = np.random.default_rng(19110)


def states(count, steps, units):
    """Slow walks, so that neighbouring steps are alike as those of a network; f32 holds them exactly."""
    walk = np.cumsum(rng.normal(size=(count, steps, units)) * 0.4, axis=1)
    return np.tanh(walk).astype(np.float32).astype(np.float64)


def parts(h):
    return np.where(h > 0, h, 0).sum(axis=2), np.where(h < 0, h, 0).sum(axis=2)


def levels(h, aggregate):
    up, down = parts(h)
    return {"net": np.abs(up + down), "parts": np.abs(up) + np.abs(down), "mean": h.mean(axis=2)}[aggregate]


def changes(h, aggregate):
    up, down = parts(np.concatenate([np.zeros_like(h[:, :1]), h], axis=1))
    d_up, d_down = np.diff(up, axis=1), np.diff(down, axis=1)
    return {
        "net": np.abs(d_up + d_down),
        "parts": np.abs(d_up) + np.abs(d_down),
        "mean": np.abs(d_up + d_down) / h.shape[2],
    }[aggregate]


def words(z, segments, symbols):
    cuts = [NormalDist().inv_cdf(k / symbols) for k in range(1, symbols)]
    # Each sample as often as there are segments: then segments divide.
    means = np.repeat(z, segments, axis=1).reshape(len(z), segments, -1).mean(axis=2)
    letters = np.searchsorted(cuts, means, side="right")
    return ["".join(chr(97 + letter) for letter in row) for row in letters]


def case(steps, units, window, aggregate, threshold, segments, symbols, sections):
    train, tests = states(40, steps, units), states(12, steps, units)
    at = slice(window[0], window[1] + 1)
    xi, xi_test = levels(train, aggregate)[:, at], levels(tests, aggregate)[:, at]
    dx, dx_test = changes(train, aggregate)[:, at], changes(tests, aggregate)[:, at]
    unit = lambda low, high, x: (x - low) / (high - low)
    bc = (unit(xi.min(), xi.max(), xi_test) >= threshold).any(axis=0)
    sc = (unit(dx.min(), dx.max(), dx_test) >= threshold).any(axis=0)
    per_step = (unit(xi.min(axis=0), xi.max(axis=0), xi_test) >= threshold).any(axis=0)
    last = tests[:, window[1]]
    bins = np.digitize(last, np.linspace(-1, 1, sections + 1)) - 1
    kmnc = sorted({int(unit_ * sections + b) for row in bins for unit_, b in enumerate(row) if b < sections})
    nbc = sorted({2 * k + s for k in range(units) for s in (0, 1) if (last[:, k] > 0.7 if s == 0 else last[:, k] < -0.7).any()})
    z = (xi_test - xi.mean()) / xi.std()
    return dict(
        steps=steps, units=units, window=window, aggregate=aggregate, threshold=threshold,
        segments=segments, symbols=symbols, sections=sections,
        train=train.flatten().tolist(), tests=tests.flatten().tolist(),
        level=xi_test.flatten().tolist(), change=dx_test.flatten().tolist(),
        constants=dict(min=xi.min(), max=xi.max(), mean=xi.mean(), std=xi.std()),
        bc=np.flatnonzero(bc).tolist(), bcPerStep=np.flatnonzero(per_step).tolist(), sc=np.flatnonzero(sc).tolist(),
        nc=np.flatnonzero((last > 0).any(axis=0)).tolist(), kmnc=kmnc, nbc=nbc,
        words=words(z, segments, symbols),
    )


def series(length, segments, symbols):
    values = rng.normal(size=length)
    ramp = np.arange(length, dtype=float)
    paa = lambda x: np.repeat(x, segments).reshape(segments, -1).mean(axis=1).tolist()
    return dict(
        segments=segments, symbols=symbols, values=values.tolist(), means=paa(values), rampMeans=paa(ramp),
        word=words(values[None], segments, symbols)[0],
    )


fixtures = dict(
    cuts=[[NormalDist().inv_cdf(k / symbols) for k in range(1, symbols)] for symbols in range(2, 12)],
    series=[series(*sizes) for sizes in [(21, 5, 3), (20, 5, 4), (7, 7, 2), (11, 3, 6), (5, 4, 5), (13, 1, 2)]],
    cases=[
        case(12, 6, [2, 10], "net", 0.6, 5, 3, 10),
        case(7, 4, [0, 6], "parts", 0.5, 3, 4, 7),
        case(9, 5, [1, 8], "mean", 0.7, 5, 2, 3),
    ],
)
Path(__file__).with_suffix(".json").write_text(json.dumps(fixtures) + "\n")

"""Least errors of low-rank, Kronecker and tensor-train approximations, by numpy's SVD.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 chain-of-matrix.fixtures.py   (writes chain-of-matrix.fixtures.json beside this file)
"""

import json
import pathlib

import numpy as np


def tail(matrix, rank):
    """Of the unfolding, what its best approximation of that rank leaves out."""
    return float(np.linalg.norm(np.linalg.svd(matrix, compute_uv=False)[rank:]))


def decaying(rows, cols, rate, rng):
    """A matrix whose singular values fall by `rate` from one to the next."""
    size = min(rows, cols)
    left, _ = np.linalg.qr(rng.normal(size=(rows, size)))
    right, _ = np.linalg.qr(rng.normal(size=(cols, size)))
    return (left * rate ** np.arange(size)) @ right.T


def unfoldings(matrix, in_modes, out_modes):
    """Of the tensor with one axis for each pair of digits, the matrix of every cut."""
    count = len(in_modes)
    digits = matrix.reshape(*out_modes, *in_modes)
    pairs = [axis for k in range(count) for axis in (k, count + k)]
    tensor = digits.transpose(pairs)
    extents = [out * into for out, into in zip(out_modes, in_modes)]
    return [tensor.reshape(int(np.prod(extents[: k + 1])), -1) for k in range(count - 1)]


rng = np.random.default_rng(7)
trains = [
    ([3, 5, 2], [2, 3, 2], [3, 2], 0.8),
    ([3, 5, 2], [2, 3, 2], [6, 3], 0.9),
    ([2, 2, 2, 2], [2, 2, 2, 2], [2, 3, 2], 1.0),
    ([4, 4], [3, 5], [5], 0.7),
    ([2, 3, 2, 2], [3, 1, 2, 2], [4, 4, 3], 0.6),
]
result = {"trains": [], "lowRank": [], "kronecker": []}
for in_modes, out_modes, ranks, rate in trains:
    rows, cols = int(np.prod(out_modes)), int(np.prod(in_modes))
    matrix = np.round(decaying(rows, cols, rate, rng), 6)
    tails = [tail(each, rank) for each, rank in zip(unfoldings(matrix, in_modes, out_modes), ranks)]
    result["trains"].append(
        {
            "inModes": in_modes,
            "outModes": out_modes,
            "ranks": ranks,
            "matrix": matrix.ravel().tolist(),
            "norm": float(np.linalg.norm(matrix)),
            "tails": tails,
        }
    )
for rows, cols, rank in [(9, 14, 3), (14, 9, 1), (8, 8, 5)]:
    matrix = np.round(decaying(rows, cols, 0.8, rng), 6)
    result["lowRank"].append(
        {"rows": rows, "cols": cols, "rank": rank, "matrix": matrix.ravel().tolist(), "least": tail(matrix, rank)}
    )
for p, q, m, n, terms in [(2, 10, 6, 2, 3), (4, 5, 3, 4, 1), (3, 2, 2, 2, 2)]:
    matrix = np.round(decaying(p * m, q * n, 0.9, rng), 6)
    rearranged = matrix.reshape(p, m, q, n).transpose(0, 2, 1, 3).reshape(p * q, m * n)
    result["kronecker"].append(
        {
            "shapes": [[p, q], [m, n]],
            "terms": terms,
            "matrix": matrix.ravel().tolist(),
            "least": tail(rearranged, terms),
        }
    )
pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(result) + "\n")

# Eigenvalues of symmetric matrices by LAPACK (numpy.linalg.eigvalsh), descending: writes symmetric-eigen.fixtures.json.
# python3 symmetric-eigen.fixtures.py, with Debian's python3-numpy.
import json
import pathlib

import numpy as np

rng = np.random.default_rng(20)


def turned(values):
    """A matrix of these eigenvalues."""
    n = len(values)
    q, _ = np.linalg.qr(rng.standard_normal((n, n)))
    a = q @ np.diag(values) @ q.T
    return (a + a.T) / 2


def hilbert(n):
    i = np.arange(n)
    return 1.0 / (i[:, None] + i[None, :] + 1)


def wilkinson(n):
    m = (n - 1) // 2
    return np.diag(np.abs(np.arange(-m, m + 1)).astype(float)) + np.diag(np.ones(n - 1), 1) + np.diag(np.ones(n - 1), -1)


noise = rng.standard_normal((12, 12))
cases = {
    "random": noise + noise.T,
    "of one sign": turned(np.linspace(1, 3, 9)),
    "degenerate": turned(np.repeat([2.0, -1.0, 0.0], 4)),
    "clustered": turned(1 + 1e-9 * np.arange(10)),
    "falling": turned(0.1 ** np.arange(12.0)),
    "Hilbert": hilbert(10),
    "Wilkinson, pairs that nearly agree": wilkinson(21),
    "two by two": np.array([[1.0, 2.0], [2.0, -3.0]]),
}
rows = [
    {
        "name": name,
        "size": len(a),
        "matrix": a.ravel().tolist(),
        "values": np.linalg.eigvalsh(a)[::-1].tolist(),
    }
    for name, a in cases.items()
]
path = pathlib.Path(__file__).with_name("symmetric-eigen.fixtures.json")
path.write_text(json.dumps(rows) + "\n")

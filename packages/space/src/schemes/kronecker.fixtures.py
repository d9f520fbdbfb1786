"""Sums of Kronecker products by numpy.kron, and products with them, in double precision.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 kronecker.fixtures.py   (writes kronecker.fixtures.json beside this file)
"""

import json
import pathlib

import numpy

cases = []


def case(left, right, terms):
    draw = numpy.random.RandomState(len(cases))
    a = numpy.round(draw.normal(0, 0.5, (terms, *left)), 3)
    b = numpy.round(draw.normal(0, 0.5, (terms, *right)), 3)
    v = sum(numpy.kron(a[r], b[r]) for r in range(terms))
    x = numpy.round(draw.normal(0, 1, (2, v.shape[1])), 3)
    cases.append(
        {
            "shapes": [left, right],
            "terms": terms,
            "rows": v.shape[0],
            "cols": v.shape[1],
            "stored": [a.transpose(1, 2, 0).ravel().tolist(), b.ravel().tolist()],
            "entries": v.ravel().tolist(),
            "x": x.ravel().tolist(),
            "product": (x @ v.T).ravel().tolist(),
        }
    )


case((3, 4), (2, 5), 3)
case((2, 5), (3, 4), 2)
case((6, 1), (1, 7), 1)
case((1, 7), (6, 1), 4)
case((5, 3), (1, 1), 1)
case((1, 1), (5, 3), 1)

path = pathlib.Path(__file__).with_suffix(".json")
lines = ",\n".join(json.dumps(c) for c in cases)
path.write_text(f'{{"cases": [\n{lines}\n]}}\n')

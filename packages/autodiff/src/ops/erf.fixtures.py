"""The error function and the exact GELU far out, by mpmath in 50 digits; and the coefficients that erf.ts holds.

    /usr/bin/python3 erf.fixtures.py

Points are numbers of f32, so that both precisions are asked for the same. Each row: x, erf, erfc, its derivative e^(-x^2)
2/sqrt(pi), gelu, gelu'.
"""

import json
import os

import numpy as np
from mpmath import cos, erf, erfc, exp, log, mp, mpf, pi, sqrt

mp.dps = 50


def logarithm(t):
    u = 2 / t - 2
    return log(erfc(u) * exp(u * u) / t)


count = 120
nodes = [cos(pi * (k + mpf(1) / 2) / count) for k in range(count)]
values = [logarithm((y + 1) / 2) for y in nodes]
tail = [
    mpf(2) / count * sum(values[k] * cos(pi * j * (k + mpf(1) / 2) / count) for k in range(count)) for j in range(28)
]

points = [0.0, 1e-30, 1e-6, 1e-3, 0.1, 0.3, 0.5, 0.51, 0.75, 0.84, 0.99, 1.0, 1.01, 1.5, 2.0, 2.5, 3.0, 3.3, 4.0, 4.7,
          5.5, 6.1, 7.3, 8.2, 9.0, 9.19, 10.0, 11.3, 12.7, 13.0, 20.0, 26.0, 37.0, 1000.0, 1e6]
rows = []
for point in points:
    for sign in (1, -1):
        x = mpf(float(np.float32(sign * point)))
        phi = exp(-x * x / 2) / sqrt(2 * pi)
        cdf = erfc(-x / sqrt(2)) / 2
        rows.append([float(v) for v in (x, erf(x), erfc(x), 2 / sqrt(pi) * exp(-x * x), x * cdf, cdf + x * phi)])

here = os.path.dirname(os.path.abspath(__file__))
with open(os.path.join(here, 'erf.fixtures.json'), 'w') as out:
    text = ',\n'.join(json.dumps(row) for row in rows)
    out.write('{ "tail": %s,\n"rows": [\n%s\n] }\n' % (json.dumps([float(c) for c in tail]), text))

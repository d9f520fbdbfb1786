"""Broadcasting by NumPy: shapes and their broadcast shape, or null where NumPy refuses. Writes shape.fixtures.json."""

import json
import pathlib

import numpy as np

rng = np.random.default_rng(1)
cases = []


def add(*shapes):
    try:
        result = list(np.broadcast_shapes(*shapes))
    except ValueError:
        result = None
    cases.append({"shapes": [list(s) for s in shapes], "result": result})


for shapes in [
    ((), ()),
    ((), (3,)),
    ((1,), (0,)),
    ((0,), (2,)),
    ((0,), (0, 1)),
    ((2, 3), (3,)),
    ((2, 3), (2,)),
    ((2, 1), (1, 3)),
    ((4, 1, 3), (2, 1)),
    ((1, 1), (5,), (7, 1)),
    ((3,), (4,), (1,)),
    ((0, 3), (1, 3)),
    ((0, 3), (2, 3)),
]:
    add(*shapes)

for _ in range(300):
    base = rng.integers(0, 5, size=rng.integers(0, 5))
    shapes = []
    for _ in range(rng.integers(1, 4)):
        shape = [int(n) if rng.random() < 0.75 else 1 for n in base[rng.integers(0, len(base) + 1) :]]
        if shape and rng.random() < 0.5:
            shape[rng.integers(0, len(shape))] = int(rng.integers(0, 5))
        shapes.append(tuple(shape))
    add(*shapes)

strides = []
for shape, target in [((3,), (2, 3)), ((2, 1), (2, 4)), ((1,), (1,)), ((), (2, 2)), ((4, 1, 3), (4, 5, 3)), ((1, 3), (6, 3))]:
    view = np.broadcast_to(np.zeros(shape), target)
    strides.append({"shape": list(shape), "target": list(target), "strides": [int(s) // 8 for s in view.strides]})

path = pathlib.Path(__file__).with_suffix(".json")
path.write_text(json.dumps({"numpy": np.__version__, "broadcast": cases, "strides": strides}) + "\n")

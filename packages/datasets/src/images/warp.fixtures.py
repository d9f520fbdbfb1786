"""Images mirrored, turned and moved by scipy.ndimage and NumPy.

Run with Debian's python3 (python3-numpy, python3-scipy); writes warp.fixtures.json beside this file.
"""

import json
import pathlib

import numpy as np
from scipy import ndimage

draws = np.random.default_rng(3)
cases = []
for height, width, channels, flip, degrees, move, fill in [
    (5, 7, 1, False, 0.0, (0, 0), 0.0),
    (5, 7, 2, True, 0.0, (2, -1), 0.5),
    (6, 6, 3, False, 17.0, (0, 0), 0.0),
    (8, 5, 1, True, -33.0, (0, 0), 0.25),
    (5, 8, 2, False, 140.0, (-2, 1), 0.0),
    (7, 7, 1, True, 90.0, (1, 3), 1.0),
]:
    image = draws.uniform(0, 1, (height, width, channels)).astype(np.float32)
    # A turn and a move are one resampling: the frame is wide enough for what the move brings in.
    frame = ((16, 16), (16, 16), (0, 0))
    out = np.pad(image[:, ::-1] if flip else image, frame, constant_values=fill).astype(np.float64)
    if degrees != 0:
        out = ndimage.rotate(out, degrees, axes=(1, 0), reshape=False, order=1, mode="grid-constant", cval=fill)
    dx, dy = move
    out = out[16 - dy : 16 - dy + height, 16 - dx : 16 - dx + width]
    cases.append(
        {
            "size": [height, width, channels],
            "flip": flip,
            "degrees": degrees,
            "move": list(move),
            "fill": fill,
            "image": [round(float(v), 7) for v in image.reshape(-1)],
            "warped": [round(float(v), 7) for v in out.reshape(-1)],
        }
    )

pathlib.Path(__file__).with_suffix(".json").write_text(json.dumps(cases) + "\n")

# JPEGs by cjpeg of libjpeg-turbo, and their pixels by its djpeg: python3 decode-jpeg.fixtures.py > decode-jpeg.fixtures.json
import base64
import json
import subprocess

import numpy as np


def picture(width, height, channels):
    y, x = np.mgrid[0:height, 0:width]
    waves = [128 + 70 * np.sin(x / (3 + c) + y / 9) + 50 * np.cos(y / (4 - c) - x / 11) for c in range(channels)]
    return np.clip(np.rint(np.stack(waves, -1)), 0, 255).astype(np.uint8)


cases = [
    ('baseline 4:2:0', 37, 26, 3, ['-sample', '2x2', '-quality', '80']),
    ('baseline 4:2:0, one block', 5, 3, 3, ['-sample', '2x2', '-quality', '80']),
    ('baseline 4:4:4, optimised', 40, 24, 3, ['-sample', '1x1', '-quality', '50', '-optimize']),
    ('baseline 4:2:2, restarts', 50, 33, 3, ['-sample', '2x1', '-quality', '70', '-restart', '2B']),
    ('baseline 4:4:0', 33, 50, 3, ['-sample', '1x2', '-quality', '70']),
    ('grey', 41, 19, 1, ['-grayscale', '-quality', '75']),
    ('progressive 4:2:0', 61, 45, 3, ['-sample', '2x2', '-quality', '90', '-progressive']),
    ('progressive 4:4:4, restarts', 48, 31, 3, ['-sample', '1x1', '-quality', '30', '-progressive', '-restart', '3B']),
    ('progressive grey', 35, 35, 1, ['-grayscale', '-quality', '95', '-progressive']),
]
result = []
for name, width, height, channels, args in cases:
    data = picture(width, height, channels)
    head = b'P%d\n%d %d\n255\n' % (6 if channels == 3 else 5, width, height)
    jpeg = subprocess.run(['cjpeg', *args], input=head + data.tobytes(), capture_output=True, check=True).stdout
    ppm = subprocess.run(['djpeg', '-dct', 'float', '-rgb', '-pnm'], input=jpeg, capture_output=True, check=True).stdout
    pixels = np.frombuffer(ppm[-width * height * 3 :], np.uint8)
    result.append(
        dict(
            name=name,
            width=width,
            height=height,
            jpeg=base64.b64encode(jpeg).decode(),
            pixels=base64.b64encode(pixels.tobytes()).decode(),
        )
    )
print(json.dumps(result, indent=1))

# Qualities and Bjontegaard rates by numpy and scipy: python3 metrics.fixtures.py > metrics.fixtures.json
import json
import numpy as np
from scipy.interpolate import PchipInterpolator
from scipy.signal import convolve2d


def lcg(seed):
    while True:
        seed = (1664525 * seed + 1013904223) % 2**32
        yield seed >> 24


def picture(width, height, noise, seed):
    draw = lcg(seed)
    y, x = np.mgrid[0:height, 0:width]
    base = np.stack([128 + 90 * np.sin(x / 9 + c) * np.cos(y / (7 + c)) for c in range(3)], -1)
    stray = np.array([next(draw) for _ in range(width * height * 3)]).reshape(height, width, 3) - 127.5
    return np.clip(np.floor(base + noise * stray / 128 + 0.5), 0, 255)


def luma(rgb):
    return rgb @ np.array([0.299, 0.587, 0.114])


def ms_ssim(a, b):
    g = np.exp(-((np.arange(11) - 5) ** 2) / (2 * 1.5**2))
    window = np.outer(g, g) / np.outer(g, g).sum()
    mean = lambda z: convolve2d(z, window, mode='valid')
    result = 1
    for scale, weight in enumerate([0.0448, 0.2856, 0.3001, 0.2363, 0.1333]):
        if scale > 0:
            a, b = ((z[: z.shape[0] // 2 * 2, : z.shape[1] // 2 * 2]).reshape(z.shape[0] // 2, 2, z.shape[1] // 2, 2).mean((1, 3)) for z in (a, b))
        ma, mb = mean(a), mean(b)
        va, vb, cab = mean(a * a) - ma * ma, mean(b * b) - mb * mb, mean(a * b) - ma * mb
        cs = (2 * cab + (0.03 * 255) ** 2) / (va + vb + (0.03 * 255) ** 2)
        l = (2 * ma * mb + (0.01 * 255) ** 2) / (ma**2 + mb**2 + (0.01 * 255) ** 2)
        result *= ((cs * l).mean() if scale == 4 else cs.mean()) ** weight
    return result


def db(e):
    return 10 * np.log10(255**2 / (e**2).mean())


def bd(anchor, curve):
    f = [PchipInterpolator([q for _, q in sorted(c, key=lambda p: p[1])], np.log([r for r, _ in sorted(c, key=lambda p: p[1])])) for c in (anchor, curve)]
    lo = max(min(q for _, q in c) for c in (anchor, curve))
    hi = min(max(q for _, q in c) for c in (anchor, curve))
    return 100 * (np.exp((f[1].integrate(lo, hi) - f[0].integrate(lo, hi)) / (hi - lo)) - 1)


pictures = []
for width, height, noise in ((180, 177, 20), (200, 190, 60), (177, 260, 150)):
    a, b = picture(width, height, 0, 1), picture(width, height, noise, 2)
    pictures.append(dict(width=width, height=height, noise=noise, luma=db(luma(a) - luma(b)), rgb=db(a - b), msSsim=ms_ssim(luma(a), luma(b))))
curves = []
for anchor, curve in (
    ([(0.16, 27.1), (0.3, 29.2), (0.42, 30.4), (0.6, 31.7), (1.07, 34.2)], [(0.16, 27.6), (0.3, 29.7), (0.42, 30.9), (0.6, 32.1), (1.07, 34.4)]),
    ([(0.2, 25), (0.5, 30), (1, 33), (2, 34)], [(0.1, 24), (0.4, 29.5), (1.2, 34.5)]),
    ([(1, 30), (2, 35)], [(1.5, 32), (3, 36)]),
    ([(1, 30), (0.9, 31), (2, 35), (3, 36)], [(1, 30.5), (1.4, 31.5), (1.3, 34), (4, 37)]),
):
    curves.append(dict(anchor=anchor, curve=curve, rate=bd(anchor, curve)))
print(json.dumps(dict(pictures=pictures, curves=curves), indent=1))

# Streams and levels of the standard's reference coder (github.com/fraunhoferhhi/nncodec, commit 0e3dcd2), for coder.spec.ts:
#   python3 coder.fixtures.py CHECKOUT [CASES [SEED]] > coder.fixtures.json
# Needs g++ and numpy. The reference is built outside of this repository, with a shim of our own; none of its code is kept.

import base64
import ctypes
import json
import os
import subprocess
import sys
import tempfile

import numpy as np

shim = r"""
#include <cmath>
#include "Lib/CommonLib/Quant.h"
#include "Lib/EncLib/CABACEncoder.h"
#include "Lib/DecLib/CABACDecoder.h"
static int order(uint32_t n, uint32_t w, int scan) { return w <= 1 || n == w ? 0 : scan; }
extern "C" int encode(const int32_t *levels, uint32_t n, uint32_t w, int dq, int scan, int flags, int opt, uint8_t *out) {
  std::vector<uint8_t> bytes;
  std::vector<int32_t> copy(levels, levels + n);
  CABACEncoder encoder;
  encoder.startCabacEncoding(&bytes);
  encoder.initCtxMdls(flags, opt);
  encoder.encodeWeights(copy.data(), w, n, dq, order(n, w, scan));
  encoder.terminateCabacEncoding();
  std::copy(bytes.begin(), bytes.end(), out);
  return bytes.size();
}
extern "C" int quantize_layer(const float *weights, int32_t *out, uint32_t n, uint32_t w, int dq, int density, int qp, float scale, int flags, int scan) {
  int k = 1 << density;
  float step = (k + (qp & (k - 1))) * pow(2.0, (qp >> density) - density);
  std::vector<float> copy(weights, weights + n);
  return quantize(copy.data(), out, step, w, n, DIST_MSE, scale, dq, flags, order(n, w, scan));
}
"""


def build(checkout):
    folder = tempfile.mkdtemp()
    os.mkdir(f"{folder}/pybind11")
    # The core includes bindings that it does not use.
    open(f"{folder}/pybind11/pybind11.h", "w").write("namespace pybind11 { namespace literals {} }\n")
    open(f"{folder}/shim.cpp", "w").write(shim)
    core = f"{checkout}/extensions/deepCABAC/source"
    units = [f"{core}/Lib/{room}/{name}" for room in ("CommonLib", "EncLib", "DecLib")
             for name in sorted(os.listdir(f"{core}/Lib/{room}")) if name.endswith(".cpp")]
    subprocess.run(["g++", "-O2", "-std=c++17", "-fPIC", "-shared", f"-I{core}", f"-I{core}/Lib", f"-I{folder}",
                    "-o", f"{folder}/core.so", f"{folder}/shim.cpp", *units], check=True)
    core = ctypes.CDLL(f"{folder}/core.so")
    core.quantize_layer.argtypes = [ctypes.c_void_p, ctypes.c_void_p] + [ctypes.c_int] * 5 + [ctypes.c_float] + [ctypes.c_int] * 2
    return core


def pointer(array):
    return array.ctypes.data_as(ctypes.c_void_p)


def text(data):
    return base64.b64encode(data).decode()


core = build(sys.argv[1])
cases = int(sys.argv[2]) if len(sys.argv) > 2 else 48
draw = np.random.default_rng(int(sys.argv[3]) if len(sys.argv) > 3 else 15938)


def extents():
    if draw.random() < 0.3:
        return [int(draw.integers(1, 200))]
    if draw.random() < 0.2:
        return [int(draw.integers(1, 9)), int(draw.integers(1, 5)), int(draw.integers(1, 4)), 3]
    return [int(draw.integers(1, 40)), int(draw.integers(1, 25))]


found = []
for case in range(cases):
    shape = extents()
    n = int(np.prod(shape))
    width = n // shape[0]
    flags = int(draw.choice([11, 11, 1, 2, 21]))
    scan = int(draw.integers(0, 5)) if draw.random() < 0.6 else 0
    dq = int(draw.integers(0, 2))
    scale = float(draw.choice([0, 0.5, 1, 3]))
    density = int(draw.integers(0, 4))
    spread = float(2.0 ** draw.uniform(-2, 5))
    weights = (draw.normal(0, 1, n) if draw.random() < 0.5 else draw.laplace(0, 0.7, n)).astype(np.float32)
    if draw.random() < 0.3:
        weights *= draw.random(n).astype(np.float32) < 0.1
    if draw.random() < 0.1:
        weights[int(draw.integers(0, n))] *= np.float32(1e6)
    qp = int(np.floor(np.log2(1 / spread) * 2**density))
    levels = np.zeros(n, np.int32)
    assert core.quantize_layer(pointer(weights), pointer(levels), n, width, dq, density, qp, scale, flags - 1, scan)
    streams = []
    for opt in (0, 1):
        out = np.zeros(16 * n + 512, np.uint8)
        streams.append(text(out[: core.encode(pointer(levels), n, width, dq, scan, flags, opt, pointer(out))].tobytes()))
    found.append({"shape": shape, "greaterFlags": flags, "scan": scan, "dependent": bool(dq), "lambda": scale,
                  "qp": qp, "qpDensity": density, "weights": text(weights.tobytes()), "levels": text(levels.tobytes()),
                  "plain": streams[0], "optimized": streams[1]})

print("[" + ",\n".join(json.dumps(case) for case in found) + "]")

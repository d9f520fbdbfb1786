"""Outputs and gradients of convolution and pooling layers by PyTorch in f64, channels last as the layers have them.

Run: OMP_NUM_THREADS=1 /usr/bin/python3 convolution.fixtures.py   (writes convolution.fixtures.json beside this file)
"""

import json
from pathlib import Path

import torch
import torch.nn.functional as F

torch.set_default_dtype(torch.float64)
torch.manual_seed(19980511)


def single(*shape):
    """Random values that f32 holds exactly."""
    return torch.randn(*shape).float().double().requires_grad_()


def last(x):
    """[B, C, ...spatial] → [B, ...spatial, C]."""
    return x.movedim(1, -1)


def first(x):
    return x.movedim(-1, 1)


def flat(x):
    return [round(float(v), 9) for v in x.flatten()]


def case(layer, options, shape, kernel, out, forward):
    x = single(*shape)
    w = single(*kernel) if kernel else None
    bias = single(out) if out else None
    y = last(forward(first(x), w, bias))
    cotangent = torch.randn_like(y).float().double()
    inputs = [t for t in (x, w, bias) if t is not None]
    gradients = torch.autograd.grad((y * cotangent).sum(), inputs)
    result = {"layer": layer, "options": options, "shape": list(shape), "yShape": list(y.shape)}
    result.update(x=flat(x), cotangent=flat(cotangent), y=flat(y), dx=flat(gradients[0]))
    if kernel:
        # PyTorch's kernel is [rows, channels, ...spatial]: columns in the order (...spatial, channel).
        result.update(w=flat(last(w)), dw=flat(last(gradients[1])), bias=flat(bias), dbias=flat(gradients[2]))
    return result


cases = [
    case("Conv1d", {"in": 3, "out": 4, "kernelSize": 3, "stride": 2, "padding": 1}, (2, 7, 3), (4, 3, 3), 4,
         lambda x, w, b: F.conv1d(x, w, b, stride=2, padding=1)),
    case("Conv2d", {"in": 1, "out": 2, "kernelSize": 3}, (2, 5, 4, 1), (2, 1, 3, 3), 2,
         lambda x, w, b: F.conv2d(x, w, b)),
    case("Conv2d", {"in": 2, "out": 3, "kernelSize": [3, 2], "stride": [2, 1], "padding": [1, 0], "dilation": [1, 2]},
         (2, 6, 5, 2), (3, 2, 3, 2), 3,
         lambda x, w, b: F.conv2d(x, w, b, stride=(2, 1), padding=(1, 0), dilation=(1, 2))),
    case("Conv2d", {"in": 4, "out": 6, "kernelSize": 3, "padding": "same", "groups": 2}, (1, 4, 5, 4), (6, 2, 3, 3), 6,
         lambda x, w, b: F.conv2d(x, w, b, padding="same", groups=2)),
    case("Conv2d", {"in": 2, "out": 2, "kernelSize": 2, "padding": [[1, 2], [0, 1]], "activation": "relu"},
         (1, 3, 3, 2), (2, 2, 2, 2), 2,
         lambda x, w, b: F.relu(F.conv2d(F.pad(x, (0, 1, 1, 2)), w, b))),
    case("DepthwiseConv2d", {"in": 3, "kernelSize": 3, "padding": 1}, (2, 4, 4, 3), (3, 1, 3, 3), 3,
         lambda x, w, b: F.conv2d(x, w, b, padding=1, groups=3)),
    case("DepthwiseConv2d", {"in": 2, "multiplier": 3, "kernelSize": [2, 3], "stride": 2}, (1, 5, 6, 2), (6, 1, 2, 3), 6,
         lambda x, w, b: F.conv2d(x, w, b, stride=2, groups=2)),
    case("ConvTranspose2d", {"in": 3, "out": 2, "kernelSize": 3, "stride": 2, "padding": 1, "outputPadding": 1},
         (2, 3, 2, 3), (3, 2, 3, 3), 2,
         lambda x, w, b: F.conv_transpose2d(x, w, b, stride=2, padding=1, output_padding=1)),
    case("ConvTranspose2d", {"in": 4, "out": 6, "kernelSize": [2, 3], "stride": [1, 3], "groups": 2},
         (1, 3, 2, 4), (4, 3, 2, 3), 6,
         lambda x, w, b: F.conv_transpose2d(x, w, b, stride=(1, 3), groups=2)),
    case("MaxPool2d", {"kernelSize": 2}, (2, 4, 6, 2), None, None, lambda x, w, b: F.max_pool2d(x, 2)),
    case("MaxPool2d", {"kernelSize": 3, "stride": 2, "padding": 1}, (1, 5, 5, 3), None, None,
         lambda x, w, b: F.max_pool2d(x, 3, 2, 1)),
    case("AveragePool2d", {"kernelSize": 2}, (2, 4, 5, 2), None, None, lambda x, w, b: F.avg_pool2d(x, 2)),
    case("AveragePool2d", {"kernelSize": 3, "stride": 2, "padding": 1, "countPadding": False}, (1, 5, 4, 2), None, None,
         lambda x, w, b: F.avg_pool2d(x, 3, 2, 1, count_include_pad=False)),
    case("Upsample", {"scale": [2, 3]}, (1, 2, 3, 2), None, None,
         lambda x, w, b: F.interpolate(x, scale_factor=(2, 3), mode="nearest")),
    case("Upsample", {"scale": 2, "mode": "bilinear"}, (2, 3, 2, 2), None, None,
         lambda x, w, b: F.interpolate(x, scale_factor=2, mode="bilinear", align_corners=False)),
]
lines = ",\n".join(json.dumps(c) for c in cases)
Path(__file__).with_suffix(".json").write_text(f"[\n{lines}\n]\n")

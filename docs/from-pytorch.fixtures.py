"""Writes from-pytorch.fixtures.json: what from-pytorch.md says of PyTorch, in f64 where a layer computes.

    OMP_NUM_THREADS=1 /usr/bin/python3 from-pytorch.fixtures.py
"""

import json
from pathlib import Path

import torch
from torch import nn
from torch.nn import functional as F

torch.set_default_dtype(torch.float64)
torch.set_num_threads(1)
torch.manual_seed(20161124)


def single(*shape):
    return torch.randn(*shape).float().double()


def filled(layer):
    for parameter in layer.parameters():
        parameter.data = single(*parameter.shape)
    return layer


last = lambda x: x.permute(0, 2, 3, 1).tolist()
image = single(2, 3, 4, 6)
conv, dense = filled(nn.Conv2d(3, 2, 3)), filled(nn.Linear(2 * 2 * 4, 3))
network = dict(
    x=last(image),
    kernel=conv.weight.permute(0, 2, 3, 1).flatten(1).tolist(),
    convBias=conv.bias.tolist(),
    matrix=dense.weight.reshape(3, 2, 2, 4).permute(0, 2, 3, 1).flatten(1).tolist(),
    denseBias=dense.bias.tolist(),
    y=dense(conv(image).flatten(1)).tolist(),
)

norm = nn.BatchNorm1d(2)
batch = single(5, 2)
trained = norm(batch)
norm.eval()
batch_norm = dict(x=batch.tolist(), trained=trained.tolist(), mean=norm.running_mean.tolist(),
                  variance=norm.running_var.tolist(), y=norm(batch).tolist())

lstm = filled(nn.LSTM(3, 2, batch_first=True))
steps = single(2, 4, 3)
recurrent = dict(x=steps.tolist(), input=lstm.weight_ih_l0.tolist(), recurrent=lstm.weight_hh_l0.tolist(),
                 bias=(lstm.bias_ih_l0 + lstm.bias_hh_l0).tolist(), y=lstm(steps)[0].tolist())

y, t, labels = single(4, 3), single(4, 3), torch.tensor([2, 0, 1, 1])
losses = dict(
    y=y.tolist(), t=t.tolist(), labels=labels.tolist(),
    meanSquaredError=F.mse_loss(y, t).item(),
    meanAbsoluteError=F.l1_loss(y, t).item(),
    huber=F.huber_loss(y, t).item(),
    binaryCrossEntropyWithLogits=F.binary_cross_entropy_with_logits(y, t.sigmoid()).item(),
    softmaxCrossEntropy=F.cross_entropy(y, labels).item(),
    smoothed=F.cross_entropy(y, labels, torch.tensor([1.0, 2.0, 4.0]), label_smoothing=0.1).item(),
)

line, small = torch.tensor([1.0, 2.0, 4.0]), single(1, 2, 2, 3)
ops = dict(
    variance=line.var().item(), standardDeviation=line.std().item(),
    tile=line.repeat(2, 2).tolist(), repeat=line.repeat_interleave(2).tolist(),
    averagePool=last(F.avg_pool2d(image, 2, padding=1)), maxPool=last(F.max_pool2d(image, 2)),
    small=last(small),
    upsampleNearest=last(F.interpolate(small, scale_factor=2, mode='nearest')),
    upsampleBilinear=last(F.interpolate(small, scale_factor=2, mode='bilinear')),
)

# The variance of start values times the inputs of an output.
start = {name: layer.weight.var().item() * layer.weight[0].numel()
         for name, layer in dict(dense=nn.Linear(64, 2000), conv=nn.Conv2d(16, 800, 3)).items()}

fixtures = dict(network=network, batchNorm=batch_norm, lstm=recurrent, losses=losses, ops=ops, start=start)
lines = ',\n'.join(f'{json.dumps(name)}: {json.dumps(value)}' for name, value in fixtures.items())
Path(__file__).with_suffix('.json').write_text('{\n' + lines + '\n}\n')

"""Weights of PyTorch 1.13 as state_dicts, with inputs and outputs; safetensors files are written here by their format.

python3 pytorch-weights.fixtures.py > pytorch-weights.fixtures.json
"""

import base64
import io
import json
import struct

import torch
from torch import nn
from torch.nn import functional as F

torch.manual_seed(2)

names = {
    torch.float64: 'F64', torch.float32: 'F32', torch.float16: 'F16', torch.bfloat16: 'BF16', torch.int64: 'I64',
    torch.int32: 'I32', torch.int16: 'I16', torch.int8: 'I8', torch.uint8: 'U8', torch.bool: 'BOOL',
}


def bits(tensor):
    tensor = tensor.contiguous()
    if tensor.dtype == torch.bfloat16:
        tensor = tensor.view(torch.int16)
    return tensor.numpy().tobytes()


def safetensors(state):
    header, data = {}, b''
    # Wider types first, then by name, as the library writes them.
    for name, tensor in sorted(state.items(), key=lambda item: (-item[1].element_size(), item[0])):
        raw = bits(tensor)
        header[name] = {'dtype': names[tensor.dtype], 'shape': list(tensor.shape), 'data_offsets': [len(data), len(data) + len(raw)]}
        data += raw
    text = json.dumps(header).encode()
    text += b' ' * (-len(text) % 8)
    return struct.pack('<Q', len(text)) + text + data


class LeNet(nn.Module):
    """Names of its own, and normalisation on both sides of the flattening."""

    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 3)
        self.norm1 = nn.BatchNorm2d(3)
        self.conv2 = nn.Conv2d(3, 4, 3, bias=False)
        self.flat_norm = nn.BatchNorm1d(4 * 3 * 2)
        self.fc1 = nn.Linear(24, 6)
        self.fc2 = nn.Linear(6, 2)

    def forward(self, x):
        x = self.conv2(F.relu(self.norm1(self.conv1(x))))
        return self.fc2(torch.tanh(self.fc1(self.flat_norm(torch.flatten(x, 1)))))


class Sequences(nn.Module):
    def __init__(self, kind):
        super().__init__()
        self.rnn = kind(3, 4, 2, batch_first=True, bidirectional=True)
        self.fc = nn.Linear(8, 2)

    def forward(self, x):
        return self.fc(self.rnn(x)[0])


class Parts(nn.Module):
    def __init__(self):
        super().__init__()
        self.table = nn.Embedding(7, 6)
        self.norm = nn.LayerNorm(6)

    def forward(self, x):
        return self.norm(self.table(x))


spatial = nn.Sequential(nn.Conv2d(2, 4, 3, groups=2), nn.Conv2d(4, 4, 3, groups=4), nn.ConvTranspose2d(4, 3, 2, 2))
nets = {
    'lenet': (LeNet(), (2, 1, 7, 6)),
    'lstm': (Sequences(nn.LSTM), (2, 5, 3)),
    'gru': (Sequences(nn.GRU), (2, 5, 3)),
    'parts': (Parts(), (2, 4)),
    'spatial': (spatial, (2, 2, 6, 7)),
}


def saved(value):
    file = io.BytesIO()
    torch.save(value, file)
    return base64.b64encode(file.getvalue()).decode()


def listed(tensor):
    return {'shape': list(tensor.shape), 'data': [round(v, 7) for v in tensor.double().flatten().tolist()]}


result = {'nets': {}}
for name, (net, shape) in nets.items():
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    net.eval()
    x = torch.randint(0, 7, shape) if name == 'parts' else torch.randn(shape)
    state = net.state_dict()
    result['nets'][name] = {
        'safetensors': base64.b64encode(safetensors(state)).decode(),
        'pt': saved(state),
        'checkpoint': saved({'epoch': 3, 'loss': 0.5, 'model_state_dict': state}),
        'x': listed(x),
        'y': listed(net(x)),
    }

base = torch.arange(24.0).reshape(4, 6)
odd = {
    'turned': base.t(), 'part': base[1:3, ::2], 'half': base[0].half(), 'brain': base[1].bfloat16(), 'wide': base[2].double(),
    'long': torch.tensor([-5, 2**40]), 'bytes': torch.tensor([1, 255], dtype=torch.uint8), 'flags': torch.tensor([True, False]),
    'small': torch.tensor([-3, 4], dtype=torch.int8), 'scalar': torch.tensor(2.5), 'parameter': nn.Parameter(base[3]),
}
result['types'] = {
    'pt': saved(odd),
    'safetensors': base64.b64encode(safetensors({k: v.detach() for k, v in odd.items()})).decode(),
    'values': {k: listed(v.detach()) for k, v in odd.items()},
}
file = io.BytesIO()
torch.save(nn.Linear(2, 2), file)
result['module'] = base64.b64encode(file.getvalue()).decode()
file = io.BytesIO()
torch.save({'w': torch.ones(2)}, file, _use_new_zipfile_serialization=False)
result['old'] = base64.b64encode(file.getvalue()).decode()
print(json.dumps(result))

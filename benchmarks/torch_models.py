# ===- torch_models.py - Lacuna's models, dense, in PyTorch -------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The models of docs/methods.md, layers named as Lacuna names them."""

from collections import OrderedDict

import torch
from torch import nn

CLASSES = 10

# Of the dense models: a peer of another size would prove nothing.
PARAMETERS = {
    "lenet-300-100": 266610,
    "lenet-5-caffe": 431080,
    "resnet-20": 272474,
    "resnet-32": 1860522,
    "resnet-50": 23528522,
    "vgg-16": 14724042,
    "vgg-16-hidden": 14987722,
    "vgg-19": 20035018,
    "wrn-16-8": 10961370,
    "wrn-28-8": 23354842,
    "lstm-a": 213258,
    "lstm-b": 819722,
}


def named(*layers):
    return nn.Sequential(OrderedDict(layers))


class ResidualBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.shortcut = None
        if stride != 1 or channels != width:
            self.shortcut = named(
                ("conv", nn.Conv2d(channels, width, 1, stride, bias=False)),
                ("bn", nn.BatchNorm2d(width)),
            )

    def forward(self, x):
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.bn2(self.conv2(y))
        y += x if self.shortcut is None else self.shortcut(x)
        return self.relu2(y)


def resnet(blocks, width, plane):
    layers = [
        ("conv1", nn.Conv2d(3, width, 3, 1, 1, bias=False)),
        ("bn1", nn.BatchNorm2d(width)),
        ("relu1", nn.ReLU()),
    ]
    channels = width
    for stage in range(3):
        stage_width = width << stage
        stage_blocks = []
        for block in range(blocks):
            stride = 2 if stage > 0 and block == 0 else 1
            stage_blocks.append(
                (
                    "block%d" % (block + 1),
                    ResidualBlock(channels, stage_width, stride),
                )
            )
            channels = stage_width
        layers.append(("stage%d" % (stage + 1), named(*stage_blocks)))
    layers += [
        ("pool", nn.AvgPool2d(plane // 4)),
        ("flatten", nn.Flatten()),
        ("classifier", nn.Linear(channels, CLASSES)),
    ]
    return named(*layers)


def vgg(convs_of_late_stages, hidden):
    layers, channels = [], 3
    for stage, width in enumerate((64, 128, 256, 512, 512), 1):
        for number in range(1, (2 if stage <= 2 else convs_of_late_stages) + 1):
            place = "%d_%d" % (stage, number)
            layers += [
                ("conv" + place, nn.Conv2d(channels, width, 3, 1, 1, bias=False)),
                ("bn" + place, nn.BatchNorm2d(width)),
                ("relu" + place, nn.ReLU()),
            ]
            channels = width
        if stage < 5:
            layers.append(("pool%d" % stage, nn.MaxPool2d(2, 2)))
    layers += [("pool5", nn.AvgPool2d(2)), ("flatten", nn.Flatten())]
    if hidden:
        layers += [
            ("fc1", NormalisedLinear(512, hidden)),
            ("relu", nn.ReLU()),
        ]
    return named(*layers, ("classifier", nn.Linear(hidden or 512, CLASSES)))


class NormalisedLinear(nn.Linear):
    """With a batch norm of its own, NAME.bn."""

    def __init__(self, inputs, outputs):
        super().__init__(inputs, outputs)
        self.bn = nn.BatchNorm1d(outputs)

    def forward(self, x):
        return self.bn(super().forward(x))


class WideBlock(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.bn1 = nn.BatchNorm2d(channels)
        self.relu1 = nn.ReLU()
        self.conv1 = nn.Conv2d(channels, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, 1, 1, bias=False)
        self.shortcut = None
        if channels != width:
            self.shortcut = nn.Conv2d(channels, width, 1, stride, bias=False)

    def forward(self, x):
        active = self.relu1(self.bn1(x))
        y = self.conv2(self.relu2(self.bn2(self.conv1(active))))
        return y + (x if self.shortcut is None else self.shortcut(active))


def wide_resnet(depth, widening, plane):
    layers = [("conv1", nn.Conv2d(3, 16, 3, 1, 1, bias=False))]
    channels = 16
    for group in range(3):
        blocks = []
        for block in range((depth - 4) // 6):
            width = (16 << group) * widening
            stride = 2 if group > 0 and block == 0 else 1
            blocks.append(("block%d" % (block + 1), WideBlock(channels, width, stride)))
            channels = width
        layers.append(("group%d" % (group + 1), named(*blocks)))
    return named(
        *layers,
        ("bn", nn.BatchNorm2d(channels)),
        ("relu", nn.ReLU()),
        ("pool", nn.AvgPool2d(plane // 4)),
        ("flatten", nn.Flatten()),
        ("classifier", nn.Linear(channels, CLASSES)),
    )


class Bottleneck(nn.Module):
    def __init__(self, channels, width, stride):
        super().__init__()
        self.conv1 = nn.Conv2d(channels, width, 1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.relu1 = nn.ReLU()
        self.conv2 = nn.Conv2d(width, width, 3, stride, 1, bias=False)
        self.bn2 = nn.BatchNorm2d(width)
        self.relu2 = nn.ReLU()
        self.conv3 = nn.Conv2d(width, 4 * width, 1, bias=False)
        self.bn3 = nn.BatchNorm2d(4 * width)
        self.relu3 = nn.ReLU()
        self.shortcut = None
        if channels != 4 * width:
            self.shortcut = named(
                ("conv", nn.Conv2d(channels, 4 * width, 1, stride, bias=False)),
                ("bn", nn.BatchNorm2d(4 * width)),
            )

    def forward(self, x):
        y = self.relu1(self.bn1(self.conv1(x)))
        y = self.relu2(self.bn2(self.conv2(y)))
        y = self.bn3(self.conv3(y))
        return self.relu3(y + (x if self.shortcut is None else self.shortcut(x)))


def resnet_50(plane):
    layers = [
        ("conv1", nn.Conv2d(3, 64, 7, 2, 3, bias=False)),
        ("bn1", nn.BatchNorm2d(64)),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(3, 2, 1)),
    ]
    channels = 64
    for stage, count in enumerate((3, 4, 6, 3)):
        blocks = []
        for block in range(count):
            stride = 2 if stage > 0 and block == 0 else 1
            blocks.append(
                ("block%d" % (block + 1), Bottleneck(channels, 64 << stage, stride))
            )
            channels = 256 << stage
        layers.append(("stage%d" % (stage + 1), named(*blocks)))
    return named(
        *layers,
        ("pool", nn.AvgPool2d(plane // 32)),
        ("flatten", nn.Flatten()),
        ("classifier", nn.Linear(channels, CLASSES)),
    )


class LstmPart(nn.Module):
    def __init__(self, inputs, outputs, bias):
        super().__init__()
        self.weight = nn.Parameter(torch.zeros(outputs, inputs))
        if bias:
            self.bias = nn.Parameter(torch.zeros(outputs))


class Lstm(nn.Module):
    """PyTorch's own cells, whose second bias stays zero and is no parameter."""

    def __init__(self, features, hidden, cells):
        super().__init__()
        self.hidden = hidden
        self.cells = ["cell%d" % number for number in range(1, cells + 1)]
        for name in self.cells:
            parts = [
                ("input", LstmPart(features, 4 * hidden, True)),
                ("recurrent", LstmPart(hidden, 4 * hidden, False)),
            ]
            self.add_module(name, named(*parts))
            features = hidden

    def forward(self, x):
        rows = x.squeeze(1).transpose(0, 1)
        for name in self.cells:
            cell = getattr(self, name)
            zero = torch.zeros_like(cell.input.bias)
            state = torch.zeros(1, rows.shape[1], self.hidden, dtype=rows.dtype)
            weights = [cell.input.weight, cell.recurrent.weight]
            rows, _, _ = torch._VF.lstm(  # pylint: disable=protected-access
                rows,
                (state, state),
                weights + [cell.input.bias, zero],
                True,
                1,
                0.0,
                self.training,
                False,
                False,
            )
        return rows[-1]


def lstm(hidden):
    return named(
        ("lstm", Lstm(28, hidden, 2)),
        ("classifier", nn.Linear(hidden, CLASSES)),
    )


def lenet_300_100():
    return named(
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(28 * 28, 300)),
        ("relu1", nn.ReLU()),
        ("fc2", nn.Linear(300, 100)),
        ("relu2", nn.ReLU()),
        ("classifier", nn.Linear(100, CLASSES)),
    )


def lenet_5_caffe():
    return named(
        ("conv1", nn.Conv2d(1, 20, 5)),
        ("relu1", nn.ReLU()),
        ("pool1", nn.MaxPool2d(2, 2)),
        ("conv2", nn.Conv2d(20, 50, 5)),
        ("relu2", nn.ReLU()),
        ("pool2", nn.MaxPool2d(2, 2)),
        ("flatten", nn.Flatten()),
        ("fc1", nn.Linear(50 * 4 * 4, 500)),
        ("relu3", nn.ReLU()),
        ("classifier", nn.Linear(500, CLASSES)),
    )


def image_shape(model):
    """Channels, height and width."""
    grey = model.startswith(("lenet", "lstm"))
    return (1, 28, 28) if grey else (3, 32, 32)


def make_model(name, plane=32):
    """All but LeNets and LSTMs take images of plane by plane pixels."""
    model = {
        "lenet-300-100": lenet_300_100,
        "lenet-5-caffe": lenet_5_caffe,
        "resnet-20": lambda: resnet(3, 16, plane),
        "resnet-32": lambda: resnet(5, 32, plane),
        "resnet-50": lambda: resnet_50(plane),
        "vgg-16": lambda: vgg(3, 0),
        "vgg-16-hidden": lambda: vgg(3, 512),
        "vgg-19": lambda: vgg(4, 0),
        "wrn-16-8": lambda: wide_resnet(16, 8, plane),
        "wrn-28-8": lambda: wide_resnet(28, 8, plane),
        "lstm-a": lambda: lstm(128),
        "lstm-b": lambda: lstm(256),
    }[name]()
    count = sum(parameter.numel() for parameter in model.parameters())
    if count != PARAMETERS[name]:
        raise AssertionError(
            "%s has %d parameters, must have %d" % (name, count, PARAMETERS[name])
        )
    return model

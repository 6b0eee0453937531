# ===- torch_models.py - Lacuna's models, dense, in PyTorch -------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""The models of docs/methods.md, layers named as Lacuna names them."""

from collections import OrderedDict

from torch import nn

CLASSES = 10

# Of the dense models: a peer of another size would prove nothing.
PARAMETERS = {
    "lenet-300-100": 266610,
    "lenet-5-caffe": 431080,
    "resnet-20": 272474,
    "resnet-32": 1860522,
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
    return (3, 32, 32) if model.startswith("resnet") else (1, 28, 28)


def make_model(name, plane=32):
    """Residual networks take images of plane by plane pixels."""
    model = {
        "lenet-300-100": lenet_300_100,
        "lenet-5-caffe": lenet_5_caffe,
        "resnet-20": lambda: resnet(3, 16, plane),
        "resnet-32": lambda: resnet(5, 32, plane),
    }[name]()
    count = sum(parameter.numel() for parameter in model.parameters())
    if count != PARAMETERS[name]:
        raise AssertionError(
            "%s has %d parameters, must have %d" % (name, count, PARAMETERS[name])
        )
    return model

# ===- test_step_against_pytorch.py - Two training steps against a peer -------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Repeats the training steps of step-dump in float64 PyTorch.

PyTorch trains sparsely by a dense detour: gradients and weights of inactive
positions are set to zero around each step of its own SGD.

A ReLU whose input is too close to zero for single precision to tell its sign
passes or blocks a gradient by chance. With millions of ReLUs there often is one,
and it hides errors of its size. So the images are small, and a seed with such a
ReLU makes way for the next; what PyTorch computes decides that, not Lacuna.
"""

import os
import subprocess
import unittest

from lacuna_tool import ToolTest, require_module

np = require_module("numpy")
torch = require_module("torch")

# pylint: disable=wrong-import-position
import torch_models

MODELS = ["lenet-300-100", "lenet-5-caffe", "resnet-20", "lstm-a"]
# One scheme will do for these: what differs is their wiring. (Name, height and
# width of its images, scheme.) VGG and ResNet-50 halve their planes five times.
LARGE_MODELS = [
    ("vgg-16-hidden", 32, "pattern"),
    ("wrn-16-8", 8, "block"),
    ("resnet-50", 64, "unstructured"),
    ("lstm-b", 28, "block"),
]
SCHEMES = ["dense", "unstructured", "block", "pattern"]
SPARSITY = 0.9
BATCH = 21  # With 16, 8 or 4 lanes, the last block has padding among its images.

PLANE = 8  # Of residual networks.
SEEDS = 30

# Least distance of a ReLU's input from zero. Twenty normalised layers leave
# errors near 1e-6 there, two convolutions less than a tenth of that.
# Millions of ReLUs and max pools leave no seed without a close one: the large
# models do without a margin, and with tolerances that allow for some that decide
# otherwise, which a late layer's few pixels show most.
MARGINS = {"lenet-300-100": 1e-7, "lenet-5-caffe": 1e-7, "resnet-20": 2e-6}

# Relative L2 errors. Sums of a few hundred products in single precision leave a
# few 1e-7, and layer after layer adds to it; one misplaced weight, image or
# rounding to a shorter type leaves far more. The change of a parameter carries the
# rounding of the parameter, which is thousands of times larger.
TOLERANCES = {
    "logits": 1e-5,
    "loss": 1e-5,
    "gradient": 1e-5,
    "after": 1e-5,
    "change": 1e-3,
    "evaluation-logits": 1e-5,
}
LARGE_TOLERANCES = {"logits": 1e-4, "loss": 1e-4, "gradient": 0.05}
# Adam's first steps have the length of the rate whatever the gradient: those of
# gradients that are rounding alone may go either way.
ADAM_TOLERANCES = dict(TOLERANCES, **{"after": 2e-3, "change": 0.05, "evaluation-logits": 1e-3})
LARGE_BATCH = 5


def relative_error(got, want):
    """L2 norm of the difference, relative to that of what is wanted."""
    norm = np.linalg.norm(want)
    # The gradient of a bias that a batch norm takes out again is rounding alone.
    return np.linalg.norm(got - want) / norm if norm > 1e-12 else np.linalg.norm(got)


class Dump:
    """What step-dump wrote, in double precision."""

    def __init__(self, directory):
        self.directory = directory

    def array(self, name):
        path = os.path.join(self.directory, name + ".npy")
        return np.load(path).astype(np.float64)

    def folder(self, name):
        files = os.listdir(os.path.join(self.directory, name))
        return {
            file[: -len(".npy")]: self.array(name + "/" + file[: -len(".npy")])
            for file in sorted(files)
        }


def torch_name(name):
    """What PyTorch calls a parameter of a batch norm."""
    return name.replace(".gamma", ".weight").replace(".beta", ".bias")


def make_optimiser(parameters, extra):
    if "adam" in extra:
        return torch.optim.Adam(parameters, lr=1e-3, weight_decay=1e-4)
    return torch.optim.SGD(
        parameters, lr=0.1, momentum=0.9, weight_decay=1e-4, nesterov="--nesterov" in extra
    )


def torch_steps(model_name, dump, plane=PLANE, extra=()):
    """What step-dump wrote, as PyTorch computes it, and how close to zero the
    input of a ReLU came."""
    model = torch_models.make_model(model_name, plane).double().train()
    margins = []
    for module in model.modules():
        if isinstance(module, torch.nn.ReLU):
            module.register_forward_pre_hook(
                lambda _, inputs: margins.append(inputs[0].abs().min().item())
            )
    parameters = dict(model.named_parameters())
    before = {torch_name(name): v for name, v in dump.folder("before").items()}
    if set(before) != set(parameters):
        raise AssertionError(
            "parameters differ: %s" % sorted(set(before) ^ set(parameters))
        )
    with torch.no_grad():
        for name, values in before.items():
            # Copying would also accept shapes that merely broadcast.
            if parameters[name].shape != values.shape:
                raise AssertionError(
                    "%s is %s, in PyTorch %s"
                    % (name, values.shape, tuple(parameters[name].shape))
                )
            parameters[name].copy_(torch.from_numpy(values))
    masks = {n: torch.from_numpy(v) for n, v in dump.folder("mask").items()}
    images = torch.from_numpy(dump.array("images"))
    labels = torch.from_numpy(dump.array("labels")).long()
    optimiser = make_optimiser(parameters.values(), extra)
    smoothing = 0.1 if "--label-smoothing" in extra else 0.0
    results = {}
    for step in (1, 2):
        optimiser.zero_grad()
        logits = model(images)
        loss = torch.nn.functional.cross_entropy(
            logits, labels, label_smoothing=smoothing
        )
        loss.backward()
        for name, mask in masks.items():
            parameters[name].grad *= mask
        if step == 1:
            results["logits"] = logits.detach().numpy()
            results["loss"] = loss.detach().numpy().reshape(1)
            for name, parameter in parameters.items():
                results["gradient/" + name] = parameter.grad.numpy().copy()
        optimiser.step()
        with torch.no_grad():
            for name, mask in masks.items():
                parameters[name] *= mask
    for name, parameter in parameters.items():
        results["after/" + name] = parameter.detach().numpy()
        results["change/" + name] = results["after/" + name] - before[name]
    margin = min(margins, default=1)
    model.eval()
    with torch.no_grad():
        results["evaluation-logits"] = model(images).numpy()
    return results, margin


class StepTest(ToolTest):
    def dump_steps(self, model, scheme, seed, *extra, plane=PLANE, batch=BATCH):
        directory = self.path(model, scheme, str(seed))
        settings = {
            "model": model,
            "scheme": scheme,
            "sparsity": SPARSITY,
            "batch": batch,
            "plane": plane,
            "seed": seed,
            "cache-dir": self.path("cache"),
            "out": directory,
        }
        words = [str(w) for name, v in settings.items() for w in ("--" + name, v)]
        process = subprocess.run(
            [os.environ["STEP_DUMP"], *words, *extra],
            stderr=subprocess.PIPE,
            encoding="utf-8",
            check=False,
        )
        self.assertEqual(process.returncode, 0, process.stderr)
        return Dump(directory)

    def decidable_steps(self, model, scheme, *extra):
        for seed in range(1, SEEDS + 1):
            dump = self.dump_steps(model, scheme, seed, *extra)
            want, margin = torch_steps(model, dump, extra=extra)
            if margin >= MARGINS.get(model, 0):
                return dump, want
        return self.fail("no seed keeps all inputs of ReLUs away from zero")

    def got(self, dump):
        results = {
            "logits": dump.array("logits")[:, :, 0, 0],
            "loss": dump.array("loss"),
            "evaluation-logits": dump.array("evaluation-logits")[:, :, 0, 0],
        }
        before = dump.folder("before")
        for name, values in dump.folder("gradient").items():
            results["gradient/" + torch_name(name)] = values
        for name, values in dump.folder("after").items():
            results["after/" + torch_name(name)] = values
            results["change/" + torch_name(name)] = values - before[name]
        return results

    def check_masks(self, dump, scheme):
        """The steps are as sparse as they claim to be, and stay so."""
        masks = dump.folder("mask")
        after = dump.folder("after")
        densities = {name: mask.mean() for name, mask in masks.items()}
        sparse = [name for name, density in densities.items() if density < 1]
        self.assertEqual(bool(sparse), scheme != "dense")
        for name in sparse:
            self.assertAlmostEqual(densities[name], 1 - SPARSITY, delta=0.01)
            self.assertFalse(after[name][masks[name] == 0].any(), name)

    def check(self, model, scheme, *extra):
        dump, want = self.decidable_steps(model, scheme, *extra)
        self.compare(
            dump, want, scheme, ADAM_TOLERANCES if "adam" in extra else TOLERANCES
        )

    def compare(self, dump, want, scheme, tolerances):
        self.check_masks(dump, scheme)
        got = self.got(dump)
        self.assertEqual(set(got), set(want))
        wrong = []
        for name, values in want.items():
            self.assertEqual(got[name].shape, values.shape, name)
            error = relative_error(got[name], values)
            tolerance = tolerances.get(name.split("/")[0])
            # Negated, so that a NaN is wrong too.
            if tolerance and not error < tolerance:
                wrong.append("%s: relative L2 error %.1e" % (name, error))
        if wrong:
            self.fail("\n".join(wrong))

    def test_models_and_schemes(self):
        for model in MODELS:
            for scheme in SCHEMES:
                with self.subTest(model=model, scheme=scheme):
                    self.check(model, scheme)

    def test_large_models(self):
        for model, plane, scheme in LARGE_MODELS:
            with self.subTest(model=model):
                dump = self.dump_steps(
                    model, scheme, 1, plane=plane, batch=LARGE_BATCH
                )
                want, _ = torch_steps(model, dump, plane)
                self.compare(dump, want, scheme, LARGE_TOLERANCES)

    def test_optimisers_and_label_smoothing(self):
        for extra in (
            ("--nesterov", "--label-smoothing", "0.1"),
            ("--optimiser", "adam"),
        ):
            with self.subTest(extra=extra):
                self.check("lenet-5-caffe", "block", *extra)

    def test_without_fusion(self):
        self.check("resnet-20", "block", "--no-fusion")


if __name__ == "__main__":
    unittest.main(verbosity=2)

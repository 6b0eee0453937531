# ===- torch_step.py - Times training steps in PyTorch ------------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#
"""Prints one JSON object. compare_pytorch.py runs it, a process a turn, so that
its peak memory is that of one model in one layout."""

import argparse
import json
import resource
import sys
import time

BYTES_PER_UNIT = 1 if sys.platform == "darwin" else 1024


def peak_bytes():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * BYTES_PER_UNIT


def time_steps(options):
    import torch

    import_bytes = peak_bytes()
    import torch_models

    torch.set_num_threads(options.threads)
    torch.manual_seed(1)
    layout = {
        "nchw": torch.contiguous_format,
        "channels-last": torch.channels_last,
    }[options.layout]
    model = torch_models.make_model(options.model).to(memory_format=layout)
    # As `lacuna bench step` does.
    optimiser = torch.optim.SGD(model.parameters(), lr=0.01, momentum=0.9)
    loss_of = torch.nn.CrossEntropyLoss()
    shape = torch_models.image_shape(options.model)
    images = torch.randn(options.batch, *shape).to(memory_format=layout)
    labels = torch.arange(options.batch) % torch_models.CLASSES
    seconds = []
    # The first step touches its memory for the first time.
    for step in range(options.steps + 1):
        start = time.perf_counter()
        optimiser.zero_grad(set_to_none=True)
        loss_of(model(images), labels).backward()
        optimiser.step()
        if step > 0:
            seconds.append(time.perf_counter() - start)
    return {
        "step_ms": min(seconds) * 1e3,
        "peak_rss_bytes": peak_bytes(),
        "import_rss_bytes": import_bytes,
        "torch": torch.__version__,
        "mkldnn": torch.backends.mkldnn.is_available(),
        "threads": torch.get_num_threads(),
    }


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--model", required=True)
    parser.add_argument("--layout", choices=["nchw", "channels-last"], required=True)
    parser.add_argument("--batch", type=int, required=True)
    parser.add_argument("--steps", type=int, required=True)
    parser.add_argument("--threads", type=int, required=True)
    print(json.dumps(time_steps(parser.parse_args())))


if __name__ == "__main__":
    main()

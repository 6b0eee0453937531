# ===- checkpoint_run.py - A short run that saves checkpoints ------------------===#
#
# Part of the Lacuna project, under the Apache License v2.0 with LLVM
# Exceptions. SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
#
# ===------------------------------------------------------------------------===#

from idx_data import write_set
from lacuna_tool import ToolTest


class CheckpointTest(ToolTest):
    def setUp(self):
        super().setUp()
        self.data = write_set(self.path("data"), train=768, test=128)
        self.saved = self.path("run.safetensors")

    def flags(self, name, **changes):
        settings = {
            "model": "lenet-5-caffe",
            "data": "mnist:" + self.data,
            "method": "mest-ems",
            "scheme": "pattern",
            "epochs": 6,
            "batch": 16,
            "lr": 0.02,
            "seed": 11,
            "metrics": self.path(name + ".jsonl"),
            "cache-dir": self.path("cache"),
        }
        settings.update({key.replace("_", "-"): v for key, v in changes.items()})
        words = [w for key, v in settings.items() for w in ("--" + key, str(v))]
        return ["train", *words, "--weights-hash", "--quiet"]

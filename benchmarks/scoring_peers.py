"""KID and FID of torch-fidelity and torchmetrics, for benchmarks/scoring.py.

Runs in an interpreter that has those packages, and no other of this
repository's: reads the name of a task from each line of stdin, and writes
{"value": ..., "seconds": ...} to stdout.

python benchmarks/scoring_peers.py FOLDER SUBSETS  # real.npy, fake.npy
"""

import json
import pathlib
import sys
import time

import numpy as np
import torch
from torch_fidelity import metric_fid, metric_kid
from torchmetrics.image.kid import KernelInceptionDistance


def make_tasks(folder, num_subsets):
    """Each task by its name."""
    real, fake = (
        torch.from_numpy(np.load(folder / f"{name}.npy"))
        for name in ("real", "fake")
    )
    statistics = [
        metric_fid.fid_features_to_statistics(x) for x in (real, fake)
    ]

    def kid():
        found = metric_kid.kid_features_to_metric(
            real, fake, kid_subsets=num_subsets, verbose=False
        )
        return found[metric_kid.KEY_METRIC_KID_MEAN]

    def fid_of(stats):
        found = metric_fid.fid_statistics_to_metric(*stats, verbose=False)
        return found[metric_fid.KEY_METRIC_FID]

    def fid():
        return fid_of(
            [metric_fid.fid_features_to_statistics(x) for x in (real, fake)]
        )

    def torchmetrics_kid():
        metric = KernelInceptionDistance(
            feature=torch.nn.Identity(), subsets=num_subsets
        )
        metric.update(real, real=True)
        metric.update(fake, real=False)
        return float(metric.compute()[0])

    return {
        "kid": kid,
        "fid": fid,
        "fid_statistics": lambda: fid_of(statistics),
        "torchmetrics_kid": torchmetrics_kid,
    }


def main():
    tasks = make_tasks(pathlib.Path(sys.argv[1]), int(sys.argv[2]))
    print(json.dumps({"ready": True}), flush=True)
    for line in sys.stdin:
        start = time.perf_counter()
        value = float(tasks[line.strip()]())
        seconds = time.perf_counter() - start
        print(json.dumps({"value": value, "seconds": seconds}), flush=True)


if __name__ == "__main__":
    main()

"""Two-sample tests of other packages, for benchmarks/two_sample.py.

Runs in an interpreter that has one of hyppo, alibi-detect and kerneltests, and
nothing of this repository's but two_sample_laws.py beside it. Each line of
stdin is a task {"test", "law", "seed", "settings", "permutations"}; each answer
{"p_value", "rejected", "seconds"}, of a level of 5 %.

python benchmarks/two_sample_peers.py
"""

import json
import os
import sys
import time
import warnings

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from two_sample_laws import LAWS

LEVEL = 0.05


def hyppo_mmd(x, y, permutations):
    """MMD, median heuristic, permutations one after the other."""
    from hyppo.ksample import MMD

    found = MMD().test(x, y, reps=permutations, workers=1, auto=False)
    return float(found[1])


def alibi_mmd(x, y, permutations):
    """MMDDrift on TensorFlow; its p-value does not count the sample itself."""
    from alibi_detect.cd import MMDDrift

    detector = MMDDrift(
        x.astype("float32"),
        backend="tensorflow",
        p_val=LEVEL,
        n_permutations=permutations,
    )
    found = detector.predict(y.astype("float32"))["data"]
    return float(found["p_val"])


def kerneltests_mmdagg(x, y, permutations):
    """MMDAgg; no p-value, so 0 where it rejects and 1 where it does not."""
    import kt

    half = permutations // 2
    found = kt.two_sample(x, y, "mmdagg", LEVEL, B1=half, B2=half)
    return 0.0 if found.reject else 1.0


def kerneltests_mmdfuse(x, y, permutations):
    """MMD-FUSE."""
    import kt

    found = kt.two_sample(
        x, y, "mmdfuse", LEVEL, number_permutations=permutations
    )
    return float(found.details["p_value"])


TESTS = {
    "hyppo MMD": hyppo_mmd,
    "alibi-detect MMDDrift": alibi_mmd,
    "kerneltests MMDAgg": kerneltests_mmdagg,
    "kerneltests MMD-FUSE": kerneltests_mmdfuse,
}


def main():
    warnings.simplefilter("ignore")
    for line in sys.stdin:
        task = json.loads(line)
        x, y = LAWS[task["law"]](task["seed"], **task["settings"])
        start = time.perf_counter()
        p_value = TESTS[task["test"]](x, y, task["permutations"])
        answer = {
            "p_value": p_value,
            "rejected": p_value <= LEVEL,
            "seconds": time.perf_counter() - start,
        }
        print(json.dumps(answer), flush=True)


if __name__ == "__main__":
    main()

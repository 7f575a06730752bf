"""Settings by which other tools score, as settings of `EvaluateConfig`."""

from collections.abc import Mapping
from typing import Any

_SUBSETS = {"num_subsets": 100, "subset_size": 1000}

# What each tool does by default, as far as it can be done here;
# docs/from_other_tools.md has the rest.
PROTOCOLS: Mapping[str, Mapping[str, Any]] = {
    # clean-fid 0.1.35, mode "clean".
    "clean_fid": {
        "metrics": "fid,kid_subsets",
        "features": "inception",
        "feature_resize": "bicubic_clipped",
        **_SUBSETS,
    },
    # pytorch-fid 0.3.0: pixels are scaled to [-1, 1].
    "pytorch_fid": {
        "metrics": "fid",
        "features": "inception",
        "feature_resize": "bilinear",
        "feature_range": "symmetric",
    },
    # torch-fidelity 0.4.0, which draws subsets of rows in the given order.
    "torch_fidelity": {
        "metrics": "fid,inception_score,kid_subsets,prdc",
        "features": "inception",
        "feature_resize": "tf1",
        **_SUBSETS,
        "num_splits": 10,
        "nearest_k": 3,
        "order": "given",
        "seed": 2020,
    },
}

"""Scores a run, or any images, against real images.

python tools/evaluate.py --run_dir=runs/digits
python tools/evaluate.py --run_dir=runs/classes --per_class --cas
python tools/evaluate.py --real=digits/test --fake=images.npz
python tools/evaluate.py --real=my_photos --fake=served/mine --features=pixels

Prints the report as JSON. Of a run, it is written to RUN_DIR/report.json and
.html too, of other images where --out says.
"""

import json
from collections.abc import Mapping
from typing import Any

from tf_mmdgan.config import EvaluateConfig
from tf_mmdgan.tools import cli


def evaluate(config: EvaluateConfig) -> Mapping[str, Any]:
    """Scores what `config` names."""
    from tf_mmdgan import training
    from tf_mmdgan.evaluation import outputs
    from tf_mmdgan.evaluation.report import NotWrittenError

    try:
        found = training.evaluate(config).to_dict()
    except NotWrittenError as error:
        print(json.dumps(error.report.to_dict()))
        raise
    if config.out is not None:
        outputs.tell(config.out)
    return found


def main() -> None:
    """Console entry point."""
    cli.run(EvaluateConfig, evaluate)


if __name__ == "__main__":
    main()

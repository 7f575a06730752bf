"""Writes the generator of a run as a SavedModel for TF Serving.

python tools/export.py --run_dir=runs/digits --export_dir=served/digits

Each call adds a version: served/digits/1, served/digits/2, ...
"""

import pathlib
from collections.abc import Mapping
from typing import Any

from tf_mmdgan.config import ExportConfig
from tf_mmdgan.tools import cli


def export(config: ExportConfig) -> Mapping[str, Any]:
    """Exports the run that `config` names."""
    from tf_mmdgan import experiment

    run_config, model = experiment.load_run(config.run_dir)
    folder = config.export_dir or pathlib.Path(config.run_dir) / "export"
    path = experiment.export_run(run_config, model, folder, config.weights)
    return {"saved_model": str(path)}


def main() -> None:
    """Console entry point."""
    cli.run(ExportConfig, export)


if __name__ == "__main__":
    main()

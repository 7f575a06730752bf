"""Writes the generator of a run as a SavedModel for TF Serving.

tf-mmdgan export --run_dir=runs/digits --export_dir=served/digits

Each call adds a version: served/digits/1, served/digits/2, ... The commands
that serve them are printed at the end. A model card goes with each, in
assets.extra/README.md.
"""

from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors
from tf_mmdgan.config import ExportConfig
from tf_mmdgan.tools import cli


def export(config: ExportConfig) -> Mapping[str, Any]:
    """Exports the run that `config` names."""
    from tf_mmdgan import export as exporting
    from tf_mmdgan.export import configs
    from tf_mmdgan.training import load_run, run_directory

    folder = config.export_dir or run_directory.export_folder(config.run_dir)
    for_server = exporting.warmup_available()
    if for_server:
        configs.check(folder, config.model_name, config.max_samples)
    run = load_run(
        config.run_dir,
        config.checkpoint,
        config.trust_run,
        config.sampling_steps,
    )
    path = run.export(
        folder,
        config.weights,
        standing_batches=config.standing_batches,
        max_samples=config.max_samples,
        model_name=config.model_name,
        other_formats=[name.strip() for name in config.formats.split(",")],
        licence=config.licence,
    )
    result = {"saved_model": str(path)}
    if for_server:
        result["server_configs"] = configs.write(
            folder, config.model_name, config.max_samples
        )
        errors.tell("To serve it:")
        for command in configs.server_commands(folder):
            errors.tell(command)
    else:
        errors.tell(
            "warning: no warm-up records and no configurations of a server: "
            "they need pip install 'tf_mmdgan[serving]'."
        )
    return result


def main() -> None:
    """Console entry point."""
    cli.run(ExportConfig, export)


if __name__ == "__main__":
    main()

"""Tests claims of the literature, each by a small computation and a figure.

tf-mmdgan study --study=all --quick --output_dir=runs/quick
tf-mmdgan study --study=witness,dirac_gan
tf-mmdgan study --write_docs=docs

A claim that fails is a result like any other; the exit code is 1 only if a
study cannot be run to its end.
"""

import pathlib
import sys
from collections.abc import Mapping
from typing import Any

from tf_mmdgan import errors, owned
from tf_mmdgan.config import StudyConfig
from tf_mmdgan.tools import cli


def study(config: StudyConfig) -> Mapping[str, Any]:
    """Runs what `config` names, then writes the document if it is wanted."""
    # Here, because TensorFlow would make --help wait for seconds.
    from tf_mmdgan.reproduction import studies

    names = list(studies.STUDIES) if config.names == ["all"] else config.names
    for name in names:
        errors.pick(studies.STUDIES, name, "study")
    results, crashed = {}, []
    for number, name in enumerate(names, 1):
        errors.tell(f"[{number}/{len(names)}] {name}")
        try:
            results[name] = _run(config, name)
        except (errors.UsageError, errors.DataError) as error:
            errors.tell(f"  {error}")
            crashed.append(name)
        except Exception:
            cli.print_traceback(*sys.exc_info())
            crashed.append(name)
    if config.write_docs:
        studies.write_documents(config.output_dir, config.write_docs)
    if crashed:
        raise errors.DataError(
            f"{', '.join(crashed)}: crashed, see above; the others ran."
        )
    return results


def _run(config: StudyConfig, name: str) -> Mapping[str, Any]:
    from tf_mmdgan.reproduction import studies
    from tf_mmdgan.reproduction.studies import runner
    from tf_mmdgan.training import run_directory

    folder = pathlib.Path(config.output_dir) / name
    owned.check_no_links(folder)
    run_directory.claim(folder)
    result = studies.run(name, config.output_dir, config.quick, config.workers)
    verdict = "holds" if result.holds else "FAILS"
    errors.tell(f"  claim {verdict}; {result.caption}")
    return {
        "holds": result.holds,
        "figure": str(folder / runner.FIGURE_FILE),
        "seconds": result.seconds,
    }


def main() -> None:
    """Console entry point."""
    cli.run(StudyConfig, study)


if __name__ == "__main__":
    main()

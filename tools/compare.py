"""Trains every method on every data set and writes one table of results.

tf-mmdgan compare --output_dir=runs/compare
tf-mmdgan compare --output_dir=runs/compare --data=ring --methods=mmd,wgan

A comparison that was interrupted continues when the same command is given
again; what is finished is not trained again. The table is written after each
training: results.md, results.json and samples_DATA.png in the folder.
"""

import collections
import dataclasses
import pathlib
import signal
import sys
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from absl import flags

from tf_mmdgan import errors, owned
from tf_mmdgan.config import CompareConfig, TrainConfig
from tf_mmdgan.tools import cli, flag_config

if TYPE_CHECKING:
    from tf_mmdgan.reproduction import comparison


def compare(config: CompareConfig) -> Mapping[str, Any]:
    """Runs the comparison, or the one training, that `config` names."""
    from tf_mmdgan.reproduction import comparison

    if config.only is not None:
        return _train(config)
    # As Ctrl-C does: the trainings end with it.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    cells = comparison.plan(config, _parse)
    output_dir = pathlib.Path(config.output_dir)
    docs_dir = config.docs_dir and pathlib.Path(config.docs_dir)
    if config.rescore:
        _score_again(output_dir, cells)
    elif not config.table_only:
        _run(config, cells)
    comparison.write_outputs(output_dir, cells, docs_dir)
    if docs_dir is not None:
        if config.rescore:
            decided = comparison.decide(output_dir, {c.seed for c in cells})
            comparison.write_claims(docs_dir, decided)
        comparison.write_page(docs_dir)
    results = {r.key: r.status for r in comparison.read_results(output_dir)}
    status = [results.get(cell.key, "not_run") for cell in cells]
    return {
        "table": str(output_dir / "results.md"),
        **dict.fromkeys(("done", "diverged", "failed", "not_run"), 0),
        **collections.Counter(status),
    }


def _run(config: CompareConfig, cells: "list[comparison.Cell]") -> None:
    """Trains what is not settled."""
    from tf_mmdgan.reproduction import comparison
    from tf_mmdgan.training import run_directory

    output_dir = pathlib.Path(config.output_dir)
    run_directory.claim(output_dir)
    found = {r.key: r for r in comparison.read_results(output_dir)}
    comparison.run(
        [cell for cell in cells if _is_open(cell, found.get(cell.key))],
        lambda cell: _command(config, cell),
        config.jobs,
        lambda result: comparison.write_outputs(
            output_dir, cells, only_data=[result.data]
        ),
    )


def _is_open(
    cell: "comparison.Cell", found: "comparison.Result | None"
) -> bool:
    """Whether a cell is to be trained; tells of what stands in its way."""
    from tf_mmdgan.training import run_directory

    if found is not None and found.settles(cell):
        return False
    if found is None and cell.result_file.exists():
        return False  # It is damaged, which `read_results` has told.
    try:
        owned.check_no_links(cell.run_dir, *cell.run_dir.parents[:2])
        run_directory.check(cell.config)
    except (errors.UsageError, errors.DataError) as error:
        errors.tell(f"{cell.name} is left out: {error}")
        return False
    return True


def _score_again(
    output_dir: pathlib.Path, cells: "list[comparison.Cell]"
) -> None:
    """Scores the kept steps of all that is done."""
    from tf_mmdgan.reproduction import comparison

    found = {r.key: r for r in comparison.read_results(output_dir)}
    done = [
        c for c in cells if c.key in found and found[c.key].status == "done"
    ]
    for number, cell in enumerate(done, 1):
        errors.tell(f"[{number}/{len(done)}] {cell.name}")
        result = comparison.score_again(cell, found[cell.key])
        comparison.write_result(cell.result_file, result)


def _command(config: CompareConfig, cell: "comparison.Cell") -> list[str]:
    """What trains one cell: the usual tool, where the data is images."""
    from tf_mmdgan.reproduction import ring

    module = [sys.executable, "-m", "tf_mmdgan.tools"]
    if cell.data != ring.NAME:
        module[-1] += ".train"
        return [*module, *cell.flags]
    module[-1] += ".compare"
    steps = [] if config.steps is None else [f"--steps={config.steps}"]
    folder = f"--output_dir={config.output_dir}"
    return [*module, folder, f"--only={cell.name}", *steps]


def _train(config: CompareConfig) -> Mapping[str, Any]:
    """Trains the cell of --only."""
    from tf_mmdgan import training
    from tf_mmdgan.reproduction import comparison, ring

    name, method, seed = config.only.split("/")
    one = dataclasses.replace(
        config, data=name, methods=method, seeds=seed, only=None
    )
    (cell,) = comparison.plan(one, _parse)
    if cell.data != ring.NAME:
        return training.train(cell.config).result
    return comparison.train_ring(cell.config)


def _parse(arguments: list[str]) -> TrainConfig:
    try:
        return flag_config.parse(TrainConfig, arguments)
    except flags.Error as error:
        raise errors.UsageError(f"{error} (of {' '.join(arguments)})") from None


def main() -> None:
    """Console entry point."""
    cli.run(CompareConfig, compare)


if __name__ == "__main__":
    main()

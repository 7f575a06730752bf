"""Methods by name, and the cells that a comparison has."""

import pathlib

import pytest

from tf_mmdgan import errors
from tf_mmdgan.methods import published
from tf_mmdgan.reproduction import comparison
from tf_mmdgan.reproduction.comparison import methods


def test_objectives_families_and_extra_methods_become_methods():
    made = methods.catalogue(
        ["a", "b", "c"],
        {"b": ("shape", ["x", "y"]), "absent": ("shape", ["z"])},
        {"c2": ["--objective=c", "--size=2"]},
    )
    assert made == {
        "a": ["--objective=a"],
        "b_x": ["--objective=b", "--shape=x"],
        "b_y": ["--objective=b", "--shape=y"],
        "c": ["--objective=c"],
        "c2": ["--objective=c", "--size=2"],
    }


def test_every_objective_is_compared():
    compared = {flags[0] for flags in comparison.ENTRIES.values()}
    names = ("gram", "gfmn", "gmmn_ae", "drift_ae")
    matching = {f"--objective={name}" for name in names}
    objectives = {f"--objective={o}" for o in published.OBJECTIVES}
    assert compared == objectives | matching


def test_every_cell_has_readable_settings(plan):
    cells = plan()
    assert len(cells) == 3 * len(comparison.ENTRIES)
    assert len({cell.config.run_dir for cell in cells}) == len(cells)
    for cell in cells:
        assert cell.config.dataset == cell.data
        assert not cell.config.export
        assert f"--objective={cell.config.objective}" in cell.flags


def test_order_is_data_then_seed_then_method(plan, tmp_path):
    cells = plan(data="ring,digits", methods="mmd,wgan_gp", seeds="3,1")
    assert [cell.name for cell in cells] == [
        f"{data}/{method}/{seed}"
        for data in ("ring", "digits")
        for seed in (3, 1)
        for method in ("mmd", "wgan_gp")
    ]
    first = cells[0]
    assert first.run_dir == tmp_path / "ring" / "mmd" / "seed_3"
    assert first.result_file == tmp_path / "ring" / "mmd" / "seed_3.json"
    assert first.log_file == tmp_path / "ring" / "mmd" / "seed_3.log"
    assert (first.config.seed, first.key) == (3, ("ring", "mmd", 3))


def test_given_steps_win(plan):
    ring, digits = plan(data="ring,digits", methods="mmd", steps=7)
    assert (ring.config.steps, digits.config.steps) == (7, 7)
    assert [c.config.steps for c in plan(methods="mmd")] == [3000, 500, 1000]


def test_data_folder_goes_to_images_only(plan):
    cells = plan(data="ring,digits", methods="mmd", data_dir="here")
    assert [cell.config.data_dir for cell in cells] == [None, "here"]


@pytest.mark.parametrize(
    "wrong, error, words",
    [
        ({"data": "digit"}, errors.UsageError, "Did you mean 'digits'"),
        ({"methods": "wgan_pg"}, errors.UsageError, "Did you mean 'wgan_gp'"),
        ({"flags_dir": "docs"}, errors.DataError, "--flags_dir"),
    ],
    ids=str,
)
def test_unknown_names_are_refused(plan, wrong, error, words):
    with pytest.raises(error, match=words):
        plan(**wrong)


def test_settings_of_all_data_are_shipped():
    root = pathlib.Path(__file__).parents[3]
    for name in list(comparison.DATA)[1:]:
        assert (root / "flags" / f"compare_{name}.cfg").is_file()

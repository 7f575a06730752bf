"""What --help prints."""

import pytest
from absl import flags

from tf_mmdgan import errors
from tf_mmdgan.config import TrainConfig
from tf_mmdgan.config.groups import GROUPS
from tf_mmdgan.tools import flag_config, help


@pytest.fixture(scope="module")
def values():
    defined = flags.FlagValues()
    flag_config.define(TrainConfig, defined)
    return defined


def test_groups_come_in_order_after_the_examples(values):
    text = help.render("Trains.\n\ntool --a=b\n", [], GROUPS, None, values)
    assert text.startswith(
        "Trains.\n\ntool --a=b\n\n--help=GROUP shows one group: run,"
    )
    places = [text.index(f"\n{title}:\n") for title in GROUPS]
    assert places == sorted(places)
    assert all(len(line) < 80 for line in text.splitlines())


@pytest.mark.parametrize("chosen", ["gmmn", "gmmn_ae"])
def test_a_group_is_shown_alone_by_any_of_its_names(values, chosen):
    text = help.render("Trains.", [], GROUPS, chosen, values)
    assert text.splitlines()[0] == "gmmn, gmmn_ae, t_mmd:"
    assert "  --[no]mmd_root=" not in text and "--mmd_root" in text.replace(
        "[no]", ""
    )
    assert "--dataset" not in text


def test_all_groups_of_a_name_are_shown(values):
    lines = help.render("Trains.", [], GROUPS, "gmmn_ae", values).splitlines()
    assert "gmmn, gmmn_ae, t_mmd:" in lines
    assert "gmmn_ae, drift_ae:" in lines


def test_flags_show_their_defaults(values):
    text = help.render("", ["steps", "export", "run_dir"], {}, None, values)
    assert "  --steps=150000\n      Generator steps" in text
    assert "  --[no]export (by default yes)\n" in text
    assert "  --run_dir=...\n" in text


def test_an_unknown_group_is_named_with_the_nearest(values):
    with pytest.raises(errors.UsageError, match="Did you mean 'kernel'"):
        help.render("", [], GROUPS, "kernels", values)

"""The model card of an export says what its files say."""

import json
import re

import numpy as np
import PIL.Image
import pytest
from small import LATENTS, call, make_generator

from tf_mmdgan import errors, export
from tf_mmdgan.export import card

RECORD = {
    "image_shape": [16, 16, 1],
    "latents": {"size": 6, "distribution": "normal"},
    "num_classes": None, "step": 12, "weights": "ema",
}  # fmt: skip
REPORT = {
    "scores": {
        "fid": {"fid": 3.6008042050308973},
        "kid_exact": {"kid": -0.125, "kid_subset_std": None},
    },
    "num_real": 500, "num_fake": 400, "real": "digits/test",
    "extractor": "lenet",
}  # fmt: skip
RUN = {
    "config": {
        "dataset": "digits", "steps": 9, "export": False, "seed": 0,
        "kernel": "rbf | $(evil)\n# no", "run_dir": "private", "beta_1": 0.5,
    },
    "data": {"count": 1297},
}  # fmt: skip


def test_scores_are_those_of_the_report():
    text = card.render(RECORD, {"report.json": REPORT})
    found = dict(re.findall(r"\| (\w+: \w+) \| (\S+) \|", text))
    numbers = {name: float(value) for name, value in found.items()}
    assert numbers == {"kid_exact: kid": -0.125, "fid: fid": 3.6008}
    assert next(iter(numbers)) == "kid_exact: kid"  # as it is looked for
    assert "Of 400 generated images against 500 of `digits/test`" in text


def test_what_else_the_images_depend_on_is_told():
    more = {"standing_batches": 16, "config": {"sampling_steps": 2}}
    text = card.render(RECORD | more, {"report.json": REPORT})
    assert "| steps from noise to images | 2 |" in text
    assert "| batches of standing statistics | 16 |" in text
    assert "scored with the statistics of training" in text
    text = card.render(
        RECORD | {"standing_batches": 0}, {"report.json": REPORT}
    )
    assert "standing" not in text and "noise to" not in text


def test_the_command_has_what_differs_from_the_defaults():
    text = card.render(RECORD, {"config.json": RUN})
    (command,) = re.findall("```sh\n(tf-mmdgan train .*)\n```", text)
    assert command == (
        "tf-mmdgan train '--kernel=rbf | $(evil)' --steps=9 --noexport "
        "--run_dir=RUN_DIR"
    )
    assert "private" not in text and "digits, 1,297 images" in text
    assert "| generator steps | 12 |" in text and "not stated" in text


def test_text_of_others_stays_in_its_cell():
    named = RECORD | {"licence": "a | <b> [c](d)\n# e"}
    text = card.render(named, {})
    assert "a \\| &lt;b> \\[c](d) |" in text and "# e" not in text
    named = RECORD | {"licence": "\\[c](d) &lt;b>"}
    assert "\\\\\\[c](d) &amp;lt;b>" in card.render(named, {})
    told = {"num_fake": "1\n# e", "num_real": "<b> [c](d)"}
    text = card.render(RECORD, {"report.json": REPORT | told})
    assert "Of 1 generated images against &lt;b> \\[c](d) of" in text


@pytest.mark.parametrize(
    "record",
    [
        [],
        {"config": 3, "data": 3},
        {"scores": 3},
        {"config": {"steps": 3}, "scores": {"kid": 3}},
    ],
)
def test_damaged_documents_do_not_matter(record):
    documents = {"report.json": record, "config.json": record}
    text = card.render(RECORD, documents if record else {})
    assert "Scores" in text


def test_a_card_with_its_picture_goes_with_every_export(tmp_path):
    path = export.export_generator(
        make_generator(), LATENTS, tmp_path, {"licence": "CC0"}, max_samples=9
    )
    extra = path / "assets.extra"
    assert "| CC0 |" in (extra / "README.md").read_text()
    pixels = np.asarray(PIL.Image.open(extra / "samples.png"))
    assert pixels.shape == (3 * 80 - 16, 3 * 80 - 16, 3)
    first = call(export.load_generator(path), "sample", num_samples=9, seed=0)
    np.testing.assert_array_equal(pixels[:64:8, :64:8], first["images"][0])


def test_shipped_generators_are_small_and_have_cards():
    assert "digits" in export.shipped()
    for name, folder in export.shipped().items():
        files = [path for path in folder.rglob("*") if path.is_file()]
        assert sum(path.stat().st_size for path in files) < 3e6
        extra = folder / "1" / "assets.extra"
        report = json.loads((extra / "report.json").read_text())
        text = (extra / "README.md").read_text()
        for metric, number in (("kid_exact", "kid"), ("fid", "fid")):
            value = report["scores"][metric][number]
            assert f"| {metric}: {number} | {value:.5g} |" in text, name
        assert "tf-mmdgan train" in text


def test_an_unknown_one_is_named_with_the_nearest():
    with pytest.raises(errors.UsageError, match="Did you mean 'digits'"):
        export.shipped_folder("digit")


def test_a_shipped_generator_draws():
    loaded = export.load_generator(export.shipped_folder("digits"))
    drawn = call(loaded, "sample", num_samples=4, seed=0)["images"]
    assert drawn.shape == (4, 16, 16, 1) and drawn.std() > 50

"""Curves of a log: which points they have, and where these are drawn."""

import re

import numpy as np
import pytest

from tf_mmdgan.evaluation import charts


def line(*heights, name="a", spread=None):
    x = np.arange(len(heights), dtype=np.float64)
    spread = None if spread is None else np.array(spread)
    return charts.Line(name, x, np.array(heights, np.float64), spread)


def test_a_line_has_the_finite_numbers_of_a_log():
    log = [
        {"step": 0, "kid": 3.0, "error": 0.5},
        {"step": 1, "loss": 7.0},
        {"step": 2, "kid": None, "error": 0.5},
        {"step": 3, "kid": "3", "error": 0.5},
        {"step": 4, "kid": float("nan"), "error": 0.5},
        {"step": 5, "kid": 2, "error": 0.25},
        {"step": 6, "kid": True, "error": 0.25},
        {"step": 7, "kid": 1.0},
    ]
    found = charts.Line.of_log(log, "kid", spread="error")
    np.testing.assert_array_equal(found.x, [0, 5])
    np.testing.assert_array_equal(found.y, [3, 2])
    np.testing.assert_allclose(found.spread, [0.98, 0.49])
    assert found.name == "kid" and not len(charts.Line.of_log(log, "no").x)


def test_a_long_log_is_averaged():
    log = [{"step": step, "loss": 2.0 * step} for step in range(3000)]
    found = charts.Line.of_log(log, "loss")
    assert len(found.x) == 300
    np.testing.assert_allclose(found.x[:2], [4.5, 14.5])
    np.testing.assert_allclose(found.y, 2.0 * found.x)


def points(html):
    """The polylines of a page: [lines][points, 2]."""
    return [
        np.array([pair.split(",") for pair in found.split()], np.float64)
        for found in re.findall(r'<polyline points="([^"]+)"', html)
    ]


@pytest.mark.parametrize("last", [5.0, 5e4], ids=["linear", "bent"])
def test_larger_is_higher_and_later_is_to_the_right(last):
    chart = charts.Chart("x", [line(1.0, 1.5, 2.0, last)])
    assert (chart.linear_width is None) == (last == 5.0)
    (drawn,) = points(charts.charts_html([chart]))
    assert (np.diff(drawn[:, 0]) > 0).all() and (np.diff(drawn[:, 1]) < 0).all()
    assert (drawn >= 0).all() and (drawn <= [360, 210]).all()


def test_equal_steps_are_equally_high_on_a_linear_axis():
    (drawn,) = points(charts.charts_html([charts.Chart("x", [line(1, 2, 3)])]))
    assert drawn[0, 1] - drawn[1, 1] == pytest.approx(drawn[1, 1] - drawn[2, 1])


def test_the_end_of_a_long_fall_can_be_seen():
    falling = line(500.0, 30.0, 2.0, -1.0, spread=[1.0, 1.0, 1.0, 1.0])
    (drawn,) = points(charts.charts_html([charts.Chart("KID", [falling])]))
    steps = np.diff(drawn[:, 1])
    # Linearly it would be 3 of 501 parts, of 170 pixels.
    assert steps[-1] > 10


@pytest.mark.parametrize("heights", [(0.0, 0.0), (3.0, 3.0), (-2.0,), (1e9, 2)])
def test_lines_of_any_height_are_drawn(heights):
    text = charts.charts_html([charts.Chart("x", [line(*heights)])])
    assert "nan" not in text and len(points(text)[0]) == len(heights)
    assert (points(text)[0][:, 1] <= 210).all()


def test_numbers_at_an_axis_are_round_and_apart():
    text = charts.charts_html([charts.Chart("x", [line(0.0, 0.93)])])
    assert re.findall(r'"end">([^<]+)<', text) == [
        "0",
        "0.2",
        "0.4",
        "0.6",
        "0.8",
        "1",  # of the steps: it ends where the chart does
    ]


@pytest.mark.parametrize(
    "first, last",
    [
        ({"step": -5, "kid": 1.0}, {"step": -2, "kid": 2.0}),
        ({"step": 0, "kid": 1.0, "e": -9.0}, {"step": 1, "kid": 2.0, "e": 1}),
        ({"step": 0, "kid": 0.0}, {"step": 1, "kid": 5e-324}),
        ({"step": 0, "kid": -1e99}, {"step": 10**99, "kid": 1e99}),
    ],
    ids=range(4),
)
def test_numbers_that_no_run_logs_are_drawn_somehow(first, last):
    spread = "e" if "e" in first else ""
    found = charts.Line.of_log([first, last], "kid", spread=spread)
    drawn = charts.charts_html([charts.Chart("KID", [found])])
    assert "polyline" in drawn and "nan" not in drawn


def test_what_was_not_logged_has_no_chart():
    empty = charts.Line.of_log([], "fid")
    assert charts.charts_html([charts.Chart("FID", [empty])]) == ""


def test_a_line_keeps_its_colour_where_others_are_missing():
    empty = charts.Line.of_log([], "fid", "b")
    both = charts.charts_html([charts.Chart("x", [line(1, 2), line(3, 4)])])
    alone = charts.charts_html([charts.Chart("x", [empty, line(3, 4)])])
    colours = re.findall('stroke="(#[^"]+)"', both)
    assert re.findall('stroke="(#[^"]+)"', alone) == colours[1:]
    assert len(set(colours)) == 2 and ">b<" not in alone


def test_nothing_breaks_out_of_a_chart():
    drawn = [line(1.0, name="<b>"), line(2.0, name='"x')]
    text = charts.charts_html([charts.Chart("<i>", drawn, "<u>", 1.5)])
    assert not re.search("<(b|i|u)>", text) and "reference" in text


def test_charts_are_a_picture_too():
    kid = line(400.0, 1.0, -1.0, spread=[1.0, 1.0, 1.0])
    drawn = charts.charts_png([charts.Chart("KID", [kid], reference=0.0)])
    assert drawn.startswith(b"\x89PNG")


def test_names_of_lines_are_no_formulas():
    odd = charts.Line("a$\\frac{$b", np.arange(2.0), np.arange(2.0))
    drawn = charts.charts_png([charts.Chart("KID", [odd])])
    assert drawn.startswith(b"\x89PNG")


@pytest.mark.parametrize("rate", [5e-4, 2.34e-7, 5.0, 12345.0])
def test_numbers_beside_an_axis_fit_into_their_room(rate):
    """Of a constant, whose axis has numbers close to each other."""
    chart = charts.charts_html([charts.Chart("rate", [line(rate, rate)])])
    shown = re.findall(r'text-anchor="end">([^<]+)<', chart)
    assert shown and max(map(len, shown)) <= 6, shown

"""What the pages call is there, and takes the arguments that they give."""

import ast
import dataclasses
import importlib
import inspect
import pathlib
import re
import types

import pytest

import tf_mmdgan as tm

ROOT = pathlib.Path(__file__).parents[1]
PAGES = sorted([*ROOT.glob("*.md"), *(ROOT / "docs").glob("*.md")])
# What these take by name, beside their own arguments.
SETTINGS = {
    tm.train: tm.TrainConfig,
    tm.evaluate: tm.EvaluateConfig,
    tm.training.plan: tm.TrainConfig,
    tm.training.resume: tm.TrainConfig,
}


def programs(text):
    """Blocks of Python, and expressions in the text that begin with tm."""
    yield from re.findall(r"^```(?:python|py)\n(.*?)^```", text, re.M | re.S)
    for found in re.findall(r"(?<!`)`(tm\.\w[^`]*)`", text):
        yield " ".join(found.split())


def imported(tree):
    """What names stand for, of the package: modules and what is in them."""
    names = {"tm": tm}
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom) and node.module.startswith(
            "tf_mmdgan"
        ):
            module = importlib.import_module(node.module)
            for alias in node.names:
                found = getattr(module, alias.name)
                names[alias.asname or alias.name] = found
    return names


def found(node, names):
    """What a chain of attributes stands for; None of other expressions."""
    if isinstance(node, ast.Name):
        return names.get(node.id)
    if isinstance(node, ast.Attribute):
        whole = found(node.value, names)
        if isinstance(whole, types.ModuleType | type):
            return getattr(whole, node.attr)
    return None


def check_call(node, function):
    """Raises TypeError where a call has other arguments than a function."""
    if any(isinstance(arg, ast.Starred) for arg in node.args):
        return
    given = {k.arg: None for k in node.keywords if k.arg}
    if function in SETTINGS:
        fields = dataclasses.fields(SETTINGS[function])
        unknown = given.keys() - {field.name for field in fields}
        assert unknown <= {"recipe", "protocol"}, unknown
    inspect.signature(function).bind_partial(*node.args, **given)


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)
def test_what_a_page_calls_is_there(page):
    for program in programs(page.read_text()):
        tree = ast.parse(program)
        names = imported(tree)
        for node in ast.walk(tree):
            if isinstance(node, ast.Attribute):
                found(node, names)
            if isinstance(node, ast.Call):
                function = found(node.func, names)
                if callable(function):
                    check_call(node, function)


def test_names_that_are_not_there_are_found():
    for wrong in ("tm.Guassian", "tm.data.loads('x')"):
        with pytest.raises(AttributeError):
            tree = ast.parse(wrong)
            [found(node, {"tm": tm}) for node in ast.walk(tree)]
    (call,) = ast.parse("tm.Gaussian(2.0, scale=1)").body
    with pytest.raises(TypeError):
        check_call(call.value, tm.Gaussian)

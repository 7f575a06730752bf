"""The errors that a user can cause, and the lookup by name."""

import pathlib
import re

import pytest
from limits import within

from tf_mmdgan import errors

COLOURS = {"crimson": 1, "turquoise": 2, "teal": None}


def test_a_known_name_gives_its_entry():
    assert errors.pick(COLOURS, "crimson", "colour") == 1
    assert errors.pick(COLOURS, "teal", "colour") is None


def test_an_unknown_name_is_answered_with_the_known_ones_and_the_close_one():
    with pytest.raises(errors.UsageError) as caught:
        errors.pick(COLOURS, "turqoise", "colour")
    assert str(caught.value) == (
        "Unknown colour 'turqoise'; known: crimson, turquoise, teal. "
        "Did you mean 'turquoise'?"
    )


@pytest.mark.parametrize("name", ["xyz", ""])
def test_nothing_is_suggested_where_no_name_is_close(name):
    with pytest.raises(errors.UsageError) as caught:
        errors.pick(COLOURS, name, "colour")
    assert str(caught.value) == (
        f"Unknown colour '{name}'; known: crimson, turquoise, teal."
    )


def test_only_the_closest_name_is_suggested():
    catalogue = {"rq_01linear": 1, "rq_001linear": 2, "rq_linear": 3}
    with pytest.raises(errors.UsageError, match="mean 'rq_linear'") as caught:
        errors.pick(catalogue, "rq_linera", "kernel")
    assert str(caught.value).count("Did you mean") == 1


@pytest.mark.parametrize(
    ("error", "code"), [(errors.UsageError, 2), (errors.DataError, 1)]
)
def test_errors_are_value_errors_with_an_exit_code(error, code):
    assert issubclass(error, ValueError)
    assert error("message").exit_code == code
    assert str(error("message")) == "message"


def test_numbers_below_one_are_named():
    errors.check_positive(width=1, count=7)
    with pytest.raises(errors.UsageError, match="count=0, need >= 1"):
        errors.check_positive(width=1, count=0)
    for value in ("7", 7.0, None):
        with pytest.raises(errors.UsageError, match="need an integer >= 1"):
            errors.check_positive(count=value)


def test_a_missing_package_names_its_extra():
    with (
        pytest.raises(errors.UsageError) as caught,
        errors.extra("demo", "The page needs"),
    ):
        import no_such_package  # noqa: F401
    assert str(caught.value) == (
        "The page needs the package no_such_package: pip install "
        "'tf_mmdgan[demo]'."
    )


# Clears the screen, rings, turns the direction of text, ends the line, is no
# character at all.
HOSTILE = "a\x1b[2J\x07\u202eb\nc\udc80 ü 日"


def test_text_of_others_cannot_command_a_terminal():
    shown = errors.printable(HOSTILE)
    assert shown == "a\\x1b[2J\\x07\\u202eb\\nc\\udc80 ü 日"
    assert shown.isprintable()
    assert errors.printable("  two  spaces ") == "  two  spaces "


def test_excerpts_are_one_short_line():
    assert errors.excerpt("\n first\x1b\nsecond") == "first\\x1b"
    assert errors.excerpt("x" * 10**6) == "x" * 200 + "..."
    assert errors.excerpt(" \n") == "no reason given"
    with within(seconds=5, megabytes=50):
        assert errors.excerpt("ab\n" * 2**22) == "ab"
        assert errors.excerpt("\x1b" * 2**22, 8) == "\\x1b\\x1b..."


def test_messages_are_one_printable_line(capsys):
    errors.tell(HOSTILE)
    assert capsys.readouterr().err == f"{errors.printable(HOSTILE)}\n"


@pytest.mark.parametrize("kind", [errors.UsageError, errors.DataError])
def test_errors_and_warnings_are_printable_without_the_tools(kind):
    shown = "a\\x1b[2J\\x07\\u202eb c\\udc80 ü 日"
    assert str(kind(HOSTILE)) == shown
    with pytest.warns(UserWarning) as caught:
        errors.warn(HOSTILE)
    (warning,) = caught
    assert str(warning.message) == shown and warning.filename == __file__
    assert errors.one_line(" two  spaces\n\n and more\n") == (
        "two  spaces and more"
    )


def test_nothing_warns_but_by_the_function_that_escapes():
    root = pathlib.Path(errors.__file__).parents[1]
    texts = {
        path.name: path.read_text()
        for folder in ("tf_mmdgan", "tools")
        for path in (root / folder).rglob("*.py")
    }
    assert [
        name
        for name, text in texts.items()
        if re.search(r"warnings\.warn\(|logging\.(warning|error)\(", text)
    ] == ["errors.py"]


def test_a_name_that_others_begin_with_means_one_of_these():
    catalogue = dict.fromkeys(["fid", "kid_tfgan", "kid_blocks"])
    with pytest.raises(errors.UsageError, match="Did you mean 'kid_tfgan'"):
        errors.pick(catalogue, "kid", "metric")


STACK = (
    "Graph execution error:\n\nDetected at node MatrixSolve defined at (most "
    'recent call last):\n  File "train.py", line 17, in fit\n\n'
)


@pytest.mark.parametrize(
    "message",
    [
        "{{function_node __wrapped__Solve}} No ridge. [Op:MatrixSolve] name: ",
        f"{STACK}No ridge.\n\t [[{{{{node Solve}}}}]] [Op:__inference_1]",
        f"{STACK}2 root error(s) found.\n  (0) INVALID_ARGUMENT:  No ridge.\n",
    ],
    ids=["eager", "graph", "replicas"],
)
def test_an_error_of_tensorflow_is_told_by_its_reason(message):
    assert errors.of_graph(message).startswith("No ridge.")


@pytest.mark.parametrize(
    "flags, keywords",
    [
        ("--steps=0: must be > 0.", "steps=0: must be > 0."),
        ("the folder (--run_dir).", "the folder (run_dir)."),
        ("give --trust_run, or --x", "give trust_run, or x"),
        ("tools/train.py --a=b -c, or --d", "tools/train.py --a=b -c, or d"),
        ("tf-mmdgan train --recipe=list", "tf-mmdgan train --recipe=list"),
        ("tf-mmdgan-train --plan", "tf-mmdgan-train --plan"),
        ("pip install 'a[b]' --force-re", "pip install 'a[b]' --force-re"),
        ("label=--x, /a/--y '--z' a--b", "label=--x, /a/--y '--z' a--b"),
        ("nothing - or -- of flags", "nothing - or -- of flags"),
    ],
)
def test_settings_are_keywords_in_python(flags, keywords, in_python, capsys):
    assert str(errors.UsageError(flags)) == keywords
    assert str(errors.DataError(flags)) == keywords
    errors.tell(flags)
    assert capsys.readouterr().err == f"{keywords}\n"
    with pytest.warns(UserWarning) as caught:
        errors.warn(flags)
    assert str(caught[0].message) == keywords
    errors.speak_of_flags()
    assert str(errors.UsageError(flags)) == flags


def test_errors_begin_with_their_setting(in_python):
    for flags, begins in ((False, ""), (True, "--")):
        errors.speak_of_flags(flags)
        for _ in range(2):  # once named, they are not named again
            with (
                pytest.raises(errors.UsageError) as caught,
                errors.naming_settings(),
                errors.naming_settings(),
            ):
                raise errors.UnknownName("no such thing", setting="kernel")
            assert str(caught.value) == f"{begins}kernel: no such thing"
            assert caught.value.with_flag == str(caught.value)


def test_what_is_wrong_in_several_checks_is_told_at_once():
    def wrong(message, setting=None):
        raise errors.UsageError(message, setting=setting)

    called = []
    errors.together(lambda: called.append(1), lambda: called.append(2))
    assert called == [1, 2]
    with pytest.raises(errors.UsageError, match=r"^one$") as caught:
        errors.together(lambda: called.append(3), lambda: wrong("one", "seed"))
    assert caught.value.setting == "seed"
    with pytest.raises(errors.UsageError, match=r"^one\. (--)?kernel: two\.$"):
        errors.together(lambda: wrong("one."), lambda: wrong("two.", "kernel"))
    with pytest.raises(errors.DataError):
        errors.together(lambda: wrong("one"), lambda: errors_of_data())


def errors_of_data():
    raise errors.DataError("data")

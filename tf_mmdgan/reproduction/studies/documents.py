"""Studies as a document: one section each, every number from its file."""

import dataclasses
import os
import pathlib
from collections.abc import Iterator, Mapping

from tf_mmdgan import files
from tf_mmdgan.reproduction.studies import runner
from tf_mmdgan.reproduction.studies.runner import StudyResult
from tf_mmdgan.reproduction.studies.study import Study

DOCUMENT = "studies.md"
_INTRODUCTION = (
    "Claims of the literature, each tested by a small computation. A claim "
    "that fails is kept, and says so. This page is written by "
    "`tf-mmdgan study --write_docs=docs` from the files in `docs/studies`, "
    "which hold every number of every figure; each study is run by the command "
    "in its section, `--study=all` runs all of them, and `--quick` gives rough "
    "answers in minutes. Times are by the clock, on two cores that did other "
    "work too."
)


def write_documents(
    studies: Mapping[str, Study],
    output_dir: str | os.PathLike[str],
    docs_dir: str | os.PathLike[str],
) -> list[str]:
    """Writes studies.md and, in studies/, the numbers and figures it shows.

    Args:
      studies: by name, in the order of the sections.
      output_dir: where studies were run; those at full length are taken over.
      docs_dir: where the document is written. Studies that were not run again
        keep what is in its studies/.

    Returns:
      The names of the studies that have a section with numbers.

    Raises:
      DataError: for a file of a study that is damaged.
    """
    docs = pathlib.Path(docs_dir)
    for name, study in studies.items():
        path = pathlib.Path(output_dir) / name / runner.NUMBERS_FILE
        if not path.exists():
            continue
        result = runner.read_result(path, name, study)
        if not result.quick:
            _take_over(study, result, docs / "studies")
    text, shown = document(studies, docs)
    files.write_bytes(docs / DOCUMENT, text.encode())
    return shown


def _take_over(study: Study, result: StudyResult, folder: pathlib.Path) -> None:
    # The study's words and its threshold may have been improved since the
    # numbers were computed.
    result = dataclasses.replace(
        result, **runner.described(study, result.numbers)
    )
    path = folder / f"{result.study}.json"
    files.write_json(path, dataclasses.asdict(result))
    drawn = runner.picture(study, result.numbers)
    files.write_bytes(folder / f"{result.study}.png", drawn)


def document(
    studies: Mapping[str, Study], docs_dir: str | os.PathLike[str]
) -> tuple[str, list[str]]:
    """The text of studies.md, and the names of the studies with numbers."""
    folder = pathlib.Path(docs_dir) / "studies"
    found = {
        name: runner.read_result(path, name, study)
        for name, study in studies.items()
        if (path := folder / f"{name}.json").exists()
    }
    lines = ["# Studies", "", _INTRODUCTION, "", *_table(studies, found)]
    for result in found.values():
        lines += ["", *_section(result)]
    return "\n".join(lines) + "\n", list(found)


def _table(
    studies: Mapping[str, Study], found: Mapping[str, StudyResult]
) -> Iterator[str]:
    yield "| study | claim holds | seconds |"
    yield "|---|---|---|"
    for name, study in studies.items():
        if name not in found:
            yield f"| {study.title} (`{name}`) | not run at full length | |"
            continue
        result = found[name]
        link = f"[{result.title}](#{_anchor(result.title)})"
        yield f"| {link} | {_verdict(result)} | {result.seconds:,.0f} |"


def _section(result: StudyResult) -> Iterator[str]:
    yield f"## {result.title}"
    yield ""
    yield f"**Claim.** {result.claim} *{result.source}*"
    yield ""
    verdict = _verdict(result).capitalize()
    yield f"**Holds, if** {result.threshold} **{verdict}.**"
    yield ""
    if result.caption:
        yield result.caption
        yield ""
    yield f"![{result.title}](studies/{result.study}.png)"
    yield ""
    seeds = ", ".join(map(str, result.seeds))
    yield (
        f"`tf-mmdgan study --study={result.study}`: seeds {seeds}; "
        f"{result.seconds:,.0f} s; {result.date}, commit "
        f"{result.commit or 'unknown'}. Numbers: "
        f"[{result.study}.json](studies/{result.study}.json)."
    )


def _verdict(result: StudyResult) -> str:
    return "yes" if result.holds else "no"


def _anchor(title: str) -> str:
    """As GitHub makes it of a heading."""
    kept = (c for c in title.lower() if c.isalnum() or c in " -_")
    return "".join(kept).replace(" ", "-")

"""The command line of a job on Spark takes the options of `ghirbal`, and says what it says."""

from __future__ import annotations

import json
import re
import subprocess

import pytest

import ghirbal
from ghirbal._ghirbal import asked
from ghirbal.spark import main

PLACES = "in -o out --work work"


def test_options_become_the_parameters_that_they_are_for_the_program(cli, seeds, tmp_path):
    (tmp_path / "mine.txt").write_text("promo\n  اشترك الآن\n", "utf-8")
    words = (
        f"--similar 0.75 --keep latest:date --bands 20 --rows 5 --fold arabic --no-fold alef --identity 0.9 --min-words 8 "
        f"--scope corpus --level careful --snap sentence --remove repeat,contained --flag promo --text-field body"
    ).split()
    job = asked(["clean", *PLACES.split(), *words])
    assert (job.command, job.inputs, job.output, job.work, job.read) == ("clean", ["in"], "out", "work", "parquet")
    there = json.loads(cli("report", seeds, "--format", "json", "--text-field", "text", *words[:-2]))["params"]
    assert job.params.replace(fields={"text": "text"}).to_dict() == there
    named = ghirbal.Params(
        similar=0.75, bands_rows=[20, 5], identity_min=0.9, words_min=8, scope="corpus", level="careful",
        snap="sentence", documents={"keep": "latest:date"}, fields={"text": "body"},
        folds=there["folds"], policy={"repeat": "remove", "contained_document": "remove", "promo": "flag"},
    )
    assert job.params.digest == named.digest
    assert asked(["dedup", *PLACES.split()]).params == ghirbal.Params()


@pytest.mark.parametrize(
    "options",
    ["--min-words many", "--identity 2", "--remove titel", "--remove title", "--keep newest", "--bands 3", "--phrases no"],
)
def test_a_wrong_value_is_refused_in_the_words_of_the_program(cli, seeds, capfd, options):
    said = subprocess.run([cli.program, "report", seeds, *options.split()], capture_output=True, text=True)
    try:
        code = main(["report", *PLACES.split(), *options.split()])
    except SystemExit as end:
        code = end.code
    assert code == said.returncode != 0
    # What follows is the usage, which has other places.
    assert capfd.readouterr().err.split("\n\n")[0] == said.stderr.split("\n\n")[0]


def test_help_lists_every_option_that_is_a_parameter(cli, capfd):
    with pytest.raises(SystemExit) as end:
        main(["clean", "--help"])
    assert end.value.code == 0
    options = lambda text: set(re.findall(r"^ +(?:-\w, )?--([a-z-]+)", text, re.M))  # noqa: E731
    ours, theirs = options(capfd.readouterr().out), options(cli("clean", "--help"))
    assert ours - theirs == {"work", "read"}
    of_one_machine = {"threads", "memory", "temp-dir"}
    of_the_program = {"dry-run", "checkpoint", "quiet", "verbose", "log-format", "config", "no-config"}
    assert theirs - ours == of_one_machine | of_the_program

"""What Python is told is what the command line prints, whatever holds the texts."""

from __future__ import annotations

import functools
import http.server
import json
import os
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any

import pytest
from conftest import printed, wire

import ghirbal


def records(seeds: Path) -> list[dict[str, Any]]:
    return [{"id": path.name, "text": path.read_text("utf-8")} for path in sorted(seeds.glob("*.txt"))]


def as_jsonl(rows: list[dict[str, Any]], path: Path) -> Path:
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")
    return path


def test_the_rows_of_the_seeds_are_those_of_the_command_line(seeds, cli):
    report = ghirbal.report(seeds)
    lines = cli("report", seeds, "--format", "jsonl")
    assert wire(report.to_pylist()) == printed(lines)
    assert report.summary == json.loads(lines.splitlines()[-1]) | {"type": "summary"}


@pytest.mark.parametrize("scope", ["document", "both"])
def test_parameters_mean_what_the_options_mean(seeds, cli, scope):
    lines = cli("report", seeds, "--format", "jsonl", "--scope", scope, "--similar", "0.5", "--remove", "repeat")
    report = ghirbal.report(str(seeds), scope=scope, similar=0.5, policy={"repeat": "remove"})
    assert wire(report.to_pylist()) == printed(lines)


@pytest.mark.parametrize("name", ["duplicates/synthetic_ar/docs.jsonl.zst", "bench/ar_news.jsonl.zst"])
def test_the_rows_of_large_corpora_are_those_of_the_command_line(labelled, cli, name):
    path = labelled(name)
    lines = cli("report", path, "--format", "jsonl")
    assert wire(ghirbal.report(path).to_pylist()) == printed(lines)


def test_a_table_gives_the_rows_of_the_same_file(seeds, cli, tmp_path):
    rows = records(seeds) + [{"id": "copy", "text": records(seeds)[0]["text"]}, {"id": "none", "text": None}]
    lines = printed(cli("report", as_jsonl(rows, tmp_path / "table.jsonl"), "--format", "jsonl"))
    skipped = [line for line in lines if '"skipped"' in line]
    assert len(skipped) == 1

    def check(data: Any) -> None:
        got = wire(ghirbal.report(data).to_pylist())
        assert [line for line in got if '"skipped"' not in line] == [line for line in lines if line not in skipped]
        assert len(got) == len(lines)

    check(rows)
    pa = pytest.importorskip("pyarrow")
    table = pa.Table.from_pylist(rows)
    check(table)
    check(table.to_batches()[0])
    check(table.set_column(1, "text", table["text"].cast(pa.large_string())))
    check(table.set_column(1, "text", table["text"].combine_chunks().cast(pa.string_view())))
    check(table.set_column(1, "text", table["text"].combine_chunks().dictionary_encode()))
    check(pa.chunked_array([table["text"].slice(0, 3).combine_chunks(), table["text"].slice(3).combine_chunks()])
          and pa.concat_tables([table.slice(0, 3), table.slice(3)]))


@pytest.mark.parametrize("package", ["polars", "pandas", "duckdb", "datasets"])
def test_every_library_of_tables_is_read(seeds, package):
    pytest.importorskip(package)
    rows = records(seeds)
    expect = wire(ghirbal.report(rows).to_pylist())
    if package == "polars":
        import polars

        data: Any = polars.DataFrame(rows)
    elif package == "pandas":
        import pandas

        data = pandas.DataFrame(rows)
    elif package == "duckdb":
        import duckdb

        pa = pytest.importorskip("pyarrow")
        held = pa.Table.from_pylist(rows)  # noqa: F841  read by name
        data = duckdb.sql("select * from held")
    else:
        import datasets

        data = datasets.Dataset.from_list(rows)
    assert wire(ghirbal.report(data).to_pylist()) == expect


def test_urls_are_paths(seeds, tmp_path):
    as_jsonl(records(seeds), tmp_path / "rows.jsonl")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(tmp_path))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        report = ghirbal.report(f"http://127.0.0.1:{server.server_port}/rows.jsonl")
        server.shutdown()
    assert wire(report.to_pylist()) == wire(ghirbal.report(tmp_path / "rows.jsonl").to_pylist())


def test_hosts_and_numbers_are_read_from_columns():
    rows = [
        {"id": n, "url": f"https://www.a.example/{n}", "text": f"Title {n} of {n}\nmenu of the site\n{'word ' * n}"}
        for n in range(1, 6)
    ]
    report = ghirbal.report(rows)
    assert {row["doc"] for row in report.to_pylist() if row["doc"]} <= {str(n) for n in range(1, 6)}
    assert any(row["label"] == "site_wide" for row in report.to_pylist())


def test_what_cannot_be_read_says_so(tmp_path):
    with pytest.raises(ghirbal.UsageError, match="no column `text`"):
        ghirbal.report([{"body": "x"}])
    with pytest.raises(ghirbal.UsageError, match="holds Int64, not text"):
        ghirbal.report([{"text": 1}])
    with pytest.raises(ghirbal.ReadWriteError, match="name a file or a folder that exists"):
        ghirbal.report(tmp_path / "nowhere")
    with pytest.raises(ghirbal.InputError, match="no document could be read"):
        ghirbal.report(tmp_path)
    with pytest.raises(TypeError, match="neither a path"):
        ghirbal.report(7)
    with pytest.raises(ValueError, match="--similar is 80"):
        ghirbal.report("seeds", similar=80.0)
    with pytest.raises(ghirbal.UsageError, match="values of several sorts"):
        ghirbal.report([{"text": "x"}, {"text": 1}])


def test_params_are_the_cores_by_name():
    import pickle

    params = ghirbal.Params(similar=0.7, documents={"keep": "earliest:date"})
    assert params.to_dict()["documents"]["similar"] == 0.7
    assert params.to_dict()["documents"]["keep"] == "earliest:date"
    assert params != ghirbal.Params() and params.digest != ghirbal.Params().digest
    assert pickle.loads(pickle.dumps(params)) == params and hash(params) == hash(params.replace())
    assert repr(params) == 'Params(documents={"keep":"earliest:date","similar":0.7})'
    with pytest.raises(ghirbal.UsageError, match="stands in the sections documents, passages"):
        ghirbal.Params(keep="first")
    with pytest.raises(ghirbal.UsageError, match="no parameter is called `same`"):
        ghirbal.Params(same=1)
    with pytest.raises(ghirbal.UsageError, match="`title` is the article itself"):
        ghirbal.Params(policy={"title": "remove"})


def test_progress_is_told_and_what_it_raises_ends_the_run(seeds):
    told: list[tuple[str, int, int]] = []
    ghirbal.report(seeds, progress=lambda *now: told.append(now))
    phase, read, of = told[-1]
    assert phase and read == of == sum(path.stat().st_size for path in seeds.glob("*.txt"))

    class Enough(Exception):
        pass

    def enough(*_: Any) -> None:
        raise Enough

    with pytest.raises(Enough):
        ghirbal.report(seeds, progress=enough)

    class Bar:
        n, desc = 0, ""

        def reset(self, total: int) -> None:
            self.n, self.total = 0, total

        def update(self, more: int) -> None:
            self.n += more

    bar = Bar()
    ghirbal.report(seeds, progress=bar)
    assert bar.n == bar.total > 0 and bar.desc


def test_the_interpreter_goes_on_meanwhile(seeds):
    rows = records(seeds) * 400
    rows = [row | {"id": f"{n}"} for n, row in enumerate(rows)]
    turns, done = 0, threading.Event()

    def work() -> None:
        ghirbal.report(rows)
        done.set()

    thread = threading.Thread(target=work)
    thread.start()
    while not done.wait(0.001):
        turns += 1
    thread.join()
    assert turns > 3


CTRL_C = """
import sys, ghirbal
rows = [{"id": str(n), "text": f"title {n}\\n" + "".join(f"word{(n * i) % 9973} " for i in range(2000))} for n in range(9000)]
try:
    ghirbal.report(rows, progress=lambda *_: print("begun", flush=True))
except KeyboardInterrupt:
    sys.exit(42)
"""


@pytest.mark.skipif(os.name != "posix", reason="signals")
def test_an_interrupt_ends_a_run():
    with subprocess.Popen([sys.executable, "-c", CTRL_C], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None and process.stdout.readline() == b"begun\n"
        process.send_signal(signal.SIGINT)
        process.stdout.read()
        assert process.wait(timeout=300) == 42


FORK = """
import multiprocessing, sys, ghirbal
def count(path):
    return len(ghirbal.report(path))
if __name__ == "__main__":
    here = count(sys.argv[1])
    with multiprocessing.get_context("fork").Pool(2) as pool:
        assert pool.map(count, [sys.argv[1]] * 4) == [here] * 4
"""


@pytest.mark.skipif(os.name != "posix", reason="fork")
def test_a_forked_child_works_after_its_parent_did(seeds):
    subprocess.run([sys.executable, "-c", FORK, str(seeds)], check=True, timeout=300)


ALONE = """
import importlib.abc, sys
class Refuse(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] in ("pyarrow", "pandas", "polars", "numpy", "pyspark", "datasets"):
            raise ImportError(name)
sys.meta_path.insert(0, Refuse())
import ghirbal
report = ghirbal.report(sys.argv[1])
assert len(report) > 20 and report.to_pylist()
for ask in (report.to_pyarrow, report.to_polars, report.to_pandas):
    try:
        ask()
    except ImportError as e:
        assert "pip install" in str(e), e
    else:
        raise AssertionError(ask)
"""


def test_no_other_package_is_needed(seeds):
    subprocess.run([sys.executable, "-c", ALONE, str(seeds)], check=True, timeout=300)

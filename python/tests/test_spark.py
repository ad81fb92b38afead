"""Spark finds what the command line finds, however rows are spread and whoever dies.

GHIRBAL_SPARK_MASTER names another master than two local threads: `local-cluster[2,1,1536]` for two executor
processes, `connect` for a Spark Connect server of its own, `sail` for Sail, which has no JVM.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Any, Iterator

import pytest
from conftest import printed, wire
from test_report import as_jsonl, records

import ghirbal

pytest.importorskip("pyspark")


@contextlib.contextmanager
def sail() -> Iterator[str]:
    """A server in a process of its own, which is killed: it takes its time to end."""
    pytest.importorskip("pysail")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "pysail", "spark", "server", "--ip", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for _ in range(600):
                try:
                    socket.create_connection(("127.0.0.1", port)).close()
                    break
                except ConnectionRefusedError:
                    assert server.poll() is None, "Sail does not start"
                    time.sleep(0.1)
            yield f"sc://127.0.0.1:{port}"
        finally:
            server.kill()


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    master = os.environ.get("GHIRBAL_SPARK_MASTER", "local[2]")
    if master == "sail":
        with sail() as url:
            session = SparkSession.builder.remote(url).getOrCreate()
            yield session
            session.stop()
        return
    builder = SparkSession.builder.remote("local[2]") if master == "connect" else SparkSession.builder.master(master)
    session = (
        builder.config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.driver.memory", "2g")
        .getOrCreate()
    )
    yield session
    session.stop()


def found(df: Any) -> list[str]:
    return wire([row.asDict(recursive=True) for row in df.collect()])


def check(spark: Any, cli: Any, path: Path, work: Path, **named: Any) -> Any:
    """The same rows from `report`, of documents in the order of their ids."""
    import ghirbal.spark

    rows = sorted(map(json.loads, path.read_text("utf-8").splitlines()), key=lambda row: str(row["id"]).encode())
    lines = printed(cli("report", as_jsonl(rows, work.parent / "sorted.jsonl"), "--format", "jsonl"))
    df = spark.read.json(str(path)).repartition(5)
    got = found(ghirbal.spark.report(df, work=str(work), **named))
    only = [sorted(set(rows) - set(others))[:3] for rows, others in ((got, lines), (lines, got))]
    assert got == lines, f"{len(got)} and {len(lines)} rows; only on one side: {only}"
    return df


def test_the_rows_of_the_seeds_and_their_tables(spark, cli, seeds, tmp_path):
    import ghirbal.spark

    rows = records(seeds)
    rows += [row | {"id": f"copy of {row['id']}"} for row in rows[:2]]
    rows += [rows[2] | {"id": "near", "text": rows[2]["text"] + "\nسطر آخر"}]
    path = as_jsonl(rows, tmp_path / "seeds.jsonl")
    df = check(spark, cli, path, tmp_path / "work")

    rows.sort(key=lambda row: row["id"].encode())
    expect = {row["id"]: row for row in ghirbal.clean(rows, max_removed=1.0).table.to_pylist()}
    cleaned = ghirbal.spark.clean(df, work=str(tmp_path / "work"))
    assert {row["id"]: row.asDict() for row in cleaned.table.collect()} == expect
    table, findings = ghirbal.spark.dedup(df, work=str(tmp_path / "work"))
    assert {row["id"] for row in table.collect()} == set(expect)
    assert found(findings) == wire(ghirbal.dedup(rows, max_removed=1.0).findings.to_pylist())

    with pytest.raises(ghirbal.UsageError, match="made with other parameters"):
        ghirbal.spark.report(df, work=str(tmp_path / "work"), similar=0.7)
    with pytest.raises(ghirbal.UsageError, match="not searched on Spark"):
        ghirbal.spark.report(df, work=str(tmp_path / "work"), scope="corpus")


def crawl(seeds: Path, count: int) -> list[dict[str, Any]]:
    """Pages of ten sites, each with its menus: sentences of the seeds in an order of their own, one page in
    six a copy of an earlier one, one in six a copy with some words changed."""
    sentences = [s for row in records(seeds) for s in row["text"].splitlines() if len(s) > 80]
    rows: list[dict[str, Any]] = []
    state = 1

    def draw(below: int) -> int:
        nonlocal state
        state = state * 6364136223846793005 + 1442695040888963407 & (1 << 64) - 1
        return (state >> 33) % below

    for n in range(count):
        site, kind = draw(10), draw(6)
        if kind == 0 and rows:
            body = rows[draw(len(rows))]["body"]
        elif kind == 1 and rows:
            words = rows[draw(len(rows))]["body"].split(" ")
            words[draw(len(words))] = f"كلمة{n}"
            body = " ".join(words)
        else:
            lines = [sentences[draw(len(sentences))] for _ in range(1 + draw(5))]
            body = "\n".join(f"{line} {n}{draw(1000)}{i}" for i, line in enumerate(lines))
            words = body.split(" ")
            body = " ".join(words if draw(3) else [f"{word}{n % 97}" for word in words])
        text = f"عنوان {n}\nالرئيسية أخبار رياضة {site}\n{body}\nاقرأ أيضاً\nجميع الحقوق محفوظة {site}\n"
        rows.append({"id": f"{n:06}", "url": f"https://s{site}.example/{n}", "text": text, "body": body})
    return [{name: row[name] for name in ("id", "url", "text")} for row in rows]


def executors() -> list[int]:
    """The processes of executors that this one has started, directly or not."""
    listed = subprocess.run(["ps", "-ww", "-eo", "pid=,ppid=,args="], capture_output=True, text=True, check=True).stdout
    processes = [line.split(None, 2) for line in listed.splitlines()]
    ours = {os.getpid()}
    for _ in range(len(processes)):
        more = {int(pid) for pid, parent, _ in processes if int(parent) in ours} - ours
        if not more:
            break
        ours |= more
    return [int(pid) for pid, _, args in processes if int(pid) in ours and "CoarseGrainedExecutorBackend" in args]


def test_the_rows_of_a_generated_crawl(spark, cli, seeds, tmp_path):
    """On executors of their own, one of them is killed while the job runs."""
    count = int(os.environ.get("GHIRBAL_SPARK_DOCUMENTS", "1000"))
    work, killed, over = tmp_path / "work", list[int](), threading.Event()

    def kill() -> None:
        while not (work / "keys" / "_SUCCESS").exists():
            if over.wait(0.1):
                return
        for pid in executors()[:1]:
            os.kill(pid, signal.SIGKILL)
            killed.append(pid)

    killer = threading.Thread(target=kill)
    killer.start()
    try:
        check(spark, cli, as_jsonl(crawl(seeds, count), tmp_path / "crawl.jsonl"), work)
    finally:
        over.set()
        killer.join()
    assert len(killed) == os.environ.get("GHIRBAL_SPARK_MASTER", "").startswith("local-cluster")


def test_files_are_read_by_the_core_in_executors(spark, seeds, tmp_path):
    import ghirbal.spark

    rows = records(seeds)
    folder = tmp_path / "files"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "page.txt").write_text(rows[0]["text"] + "\nسطر آخر", "utf-8")
    as_jsonl([{"name": row["id"], "body": row["text"]} for row in rows] + [{"name": "none"}], folder / "rows.jsonl")
    fields = {"id": "name", "text": "body"}
    found = ghirbal.spark.read(spark, [str(folder)], fields=fields).collect()
    texts = {row["id"]: row["text"] for row in found}
    assert texts == {row["id"]: row["text"] for row in rows} | {
        "site/page.txt": rows[0]["text"] + "\nسطر آخر", "rows.jsonl:6": None
    }
    assert {row["id"]: row["host"] for row in found}["site/page.txt"] == "site"
    with pytest.raises(ghirbal.errors.ReadWriteError, match="nowhere"):
        ghirbal.spark.read(spark, [str(folder / "nowhere")])

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/rows.jsonl"
        found = ghirbal.spark.read(spark, [url], fields=fields, documents={"keep": "latest:name"}).collect()
        server.shutdown()
    assert {row["id"]: row["name"] for row in found if row["text"]} == {row["id"]: row["id"] for row in rows}


def test_the_rows_of_a_labelled_corpus(spark, cli, labelled, tmp_path):
    check(spark, cli, labelled("duplicates/synthetic_ar/docs.jsonl.zst"), tmp_path / "work")


def test_links_that_do_not_fit_are_contracted_in_rounds(spark, tmp_path):
    import ghirbal.spark

    chain = [(n + 1, n) for n in range(100, 160)]
    star = [(n, 7) for n in range(8, 30)]
    tangle = [(900 + n * 7 % 31, 900 + n * 11 % 31) for n in range(1, 31)]
    links = chain + star + tangle
    forest = ghirbal._ghirbal.Forest()
    forest.push(ghirbal.Table.from_pylist([{"a": a, "b": b} for a, b in links]))
    run = ghirbal.spark._Run(spark.createDataFrame(links, "a bigint, b bigint"), str(tmp_path), None, {})
    stars = sorted(map(tuple, run.stars(run.df).collect()))
    assert stars == [(row["a"], row["b"]) for row in forest.finish().to_pylist()]
    assert {100, 7, 901} <= {b for _, b in stars}


def forget(work: Path, *stages: str) -> None:
    """As if a run had ended before these."""
    parquet = pytest.importorskip("pyarrow.parquet")
    for mark in (work / "finished").glob("*.parquet"):
        if set(parquet.read_table(mark)["stage"].to_pylist()) & set(stages):
            mark.unlink()
            (mark.parent / f".{mark.name}.crc").unlink(missing_ok=True)


def test_a_rerun_goes_on_behind_the_last_stage(spark, seeds, tmp_path):
    import ghirbal.spark

    df = spark.createDataFrame(records(seeds))
    work = tmp_path / "work"
    first = found(ghirbal.spark.report(df, work=str(work)))
    read = {path: path.stat().st_mtime_ns for path in work.glob("keys/*.parquet")}
    forget(work, "matches", "settled", "examined")
    assert found(ghirbal.spark.report(df, work=str(work))) == first
    assert {path: path.stat().st_mtime_ns for path in work.glob("keys/*.parquet")} == read

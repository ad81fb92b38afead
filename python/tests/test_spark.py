"""Spark finds what the command line finds, however rows are spread and whoever dies.

GHIRBAL_SPARK_MASTER names another master than two local threads, such as `local-cluster[2,1,1536]`.
"""

from __future__ import annotations

import json
import os
import sys
from pathlib import Path
from typing import Any

import pytest
from conftest import printed, wire
from test_report import as_jsonl, records

import ghirbal

pytest.importorskip("pyspark")


@pytest.fixture(scope="module")
def spark():
    from pyspark.sql import SparkSession

    os.environ["PYSPARK_PYTHON"] = sys.executable
    master = os.environ.get("GHIRBAL_SPARK_MASTER", "local[2]")
    session = (
        SparkSession.builder.master(master)
        .config("spark.sql.shuffle.partitions", "4")
        .config("spark.ui.enabled", "false")
        .config("spark.sql.parquet.compression.codec", "zstd")
        .config("spark.driver.memory", "2g")
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
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


def test_the_rows_of_a_generated_crawl(spark, cli, seeds, tmp_path):
    count = int(os.environ.get("GHIRBAL_SPARK_DOCUMENTS", "1000"))
    check(spark, cli, as_jsonl(crawl(seeds, count), tmp_path / "crawl.jsonl"), tmp_path / "work")


def test_the_rows_of_a_labelled_corpus(spark, cli, labelled, tmp_path):
    check(spark, cli, labelled("duplicates/synthetic_ar/docs.jsonl.zst"), tmp_path / "work")


def test_a_rerun_goes_on_behind_the_last_stage(spark, seeds, tmp_path):
    import ghirbal.spark

    df = spark.createDataFrame(records(seeds))
    work = tmp_path / "work"
    first = found(ghirbal.spark.report(df, work=str(work)))
    read = {path: path.stat().st_mtime_ns for path in work.glob("keys/*.parquet")}
    for name in ("matches.done", "settled.done", "examined.done"):
        for path in sorted((work / name).iterdir()):
            path.unlink()
        (work / name).rmdir()
    assert found(ghirbal.spark.report(df, work=str(work))) == first
    assert {path: path.stat().st_mtime_ns for path in work.glob("keys/*.parquet")} == read

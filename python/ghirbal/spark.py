"""The same findings on Apache Spark, when one machine is not enough.

Three functions take a DataFrame with a text and an id to a row, and give DataFrames back::

    import ghirbal.spark
    table, findings = ghirbal.spark.clean(df, work="s3a://bucket/work")

They use the DataFrame API as far as Spark Connect has it (``mapInArrow``, windows, joins, Parquet), so
they run unchanged on classic Spark and on Spark Connect. All work on text is done by the core, a batch
at a time, inside ``mapInArrow``; every executor needs this package.

How a corpus flows; each stage lands in Parquet below ``work``, and a rerun goes on behind the last one
that was finished::

    read        id, host, sort_key, text, words, bytes, print_high, print_low
    documents   the same with number: its place in the order of ids
    lines       number, line, key, len                     of the first of equal documents
    counts      key, len, documents                        lines of two documents and more
    templates   key                                        lines that are a template's
    masks       number, template                           their places in each document
    keys        band, key, number, len                     band keys, and sampled shingles as band -1
    candidates  a, b
    sets        number, shingles                           of the documents in candidates
    matches     a, b, kind, jaccard, containment           verified on true sets
    links       a, b                                       copies and matches, contracted where they lie
    components  number, component                          of documents that have an equal or a match
    settled     row | number, partner, kind, ...           pairs and clusters; what stays for what
    examined    number, id, bytes, removed, gone, cleaned, metadata, rows

No pair is compared but by its true sets. Groups with one key are proposed pair by pair only up to the
core's bound, so a skewed key costs what its size is, not the square of it. Everything is ordered by
number, so nothing depends on how rows were partitioned.

Reading order, which decides ties, is the order of ids. Passages across documents (``scope`` corpus) are
not searched here.
"""

from __future__ import annotations

import sys

if __name__ == "__main__":
    # As a script of spark-submit: executors find functions by the name of their module, and files beside this one
    # are called as other packages are.
    sys.path = [path for path in sys.path if path != __file__.rpartition("/")[0]]
    from ghirbal.spark import main

    sys.exit(main())

import contextlib
import functools
import hashlib
import itertools
import json
import logging
import zlib
from typing import TYPE_CHECKING, Any, Callable, Iterator, NamedTuple

from . import errors
from . import _params
from ._ghirbal import (
    REMOVED_MAX,
    Asked,
    Documents,
    Forest,
    Frequencies,
    Observer,
    Params,
    Parts,
    Proposer,
    Settler,
    asked,
    sources,
)
from ._ghirbal import findings as _as_findings

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

__all__ = ["Cleaned", "clean", "dedup", "main", "read", "report"]

_log = logging.getLogger("ghirbal.spark")

_PLACE = "struct<doc:string,start:bigint,end:bigint>"

#: The columns of findings, as in docs/OUTPUT.md.
FINDINGS = (
    "type string, doc string, start bigint, end bigint, line bigint, label string, zone string, action string, "
    "rule string, score double, evidence string, why string, partner string, "
    f"a {_PLACE}, b {_PLACE}, kind string, words bigint, identity double, jaccard double, containment double, "
    f"scope string, anchor {_PLACE}, members array<{_PLACE}>, source string"
)

_READ = (
    "id string, host string, sort_key string, text string, words bigint, bytes bigint, print_high bigint, "
    "print_low bigint"
)
#: So many links are gathered into one task, which takes a gigabyte; more are contracted in rounds.
LINKS_GATHERED_MAX = 1 << 24

_MARK = "stage string, params string, files string, schema string"
_SETTLED = "row string, number bigint, partner string, kind string, jaccard double, containment double"


class Cleaned(NamedTuple):
    """A DataFrame without what goes, and every finding."""

    table: DataFrame
    findings: DataFrame


def report(df: DataFrame, *, work: str, params: Params | None = None, **named: Any) -> DataFrame:
    """Finds everything and changes nothing.

    :param df: one row a document, with the columns that ``params.fields`` names; every row has an id.
    :param work: a folder that all executors reach, for what the stages leave behind: one for each corpus. A rerun
        with the same folder goes on where the last one ended; it is refused when that had other parameters or read
        other files, and a DataFrame that comes from no files (``inputFiles``) is taken to be the same. Stages are
        logged as ``ghirbal.spark`` at level INFO.
    :param params: parameters, or single ones by name as for :func:`ghirbal.report`.
    :returns: the findings, columns as in :data:`FINDINGS`; the rows are those of ``ghirbal report``.
    :raises ghirbal.errors.UsageError: for parameters out of range, a column that is not there, another run's
        ``work``. A row without an id ends the job with an error of Spark's that names it.
    """
    run = _Run(df, work, _params(params, named))
    return run.findings(run.examined(inside=True))


def clean(
    df: DataFrame, *, work: str, max_removed: float = REMOVED_MAX, params: Params | None = None, **named: Any
) -> Cleaned:
    """The DataFrame without duplicate documents, filler and stray headlines, and the findings.

    Arguments and errors as for :func:`report`; ids are unique. The table has the columns of ``df`` in
    their order; a column named as ``params.fields.metadata`` is added, with what left the text as
    metadata, as JSON.

    :param max_removed: refused when more than this share of the text would go; ``work`` keeps what was found.
    :raises ghirbal.errors.CeilingError: then.
    """
    run = _Run(df, work, _params(params, named))
    examined = run.examined(inside=True)
    run.check_ceiling(examined, max_removed)
    return Cleaned(run.cleaned(examined), run.findings(examined))


def dedup(
    df: DataFrame, *, work: str, max_removed: float = REMOVED_MAX, params: Params | None = None, **named: Any
) -> Cleaned:
    """The DataFrame without duplicate documents, and the findings. Arguments and errors as for :func:`clean`."""
    run = _Run(df, work, _params(params, named))
    examined = run.examined(inside=False)
    run.check_ceiling(examined, max_removed)
    return Cleaned(run.staying(examined), run.findings(examined))


def read(spark: SparkSession, paths: list[str], *, params: Params | None = None, **named: Any) -> DataFrame:
    """Documents of files that Spark has no reader for, or no jar for their place: the core reads them in
    the executors, in every format and from every place the command line knows. One file is one task.

    :param paths: files, folders and URLs (``s3://``, ``gs://``, ``az://``, ``https://``) that all executors reach.
    :param params: ``fields`` and ``reading`` say how files are read. :func:`report` and the others take the same.
    :returns: the columns that ``fields`` names, by default ``id``, ``text`` (null where a record cannot be read: a
        skipped row of the findings) and ``host``, and the field that ``keep`` names. Every function that takes the
        DataFrame reads the files again. Executors find keys of object stores in their own environment, as the command
        line does: ``spark.executorEnv.AWS_ACCESS_KEY_ID``.
    :raises ghirbal.errors.InputError: when nothing stands there.
    """
    params = _params(params, named)
    packed, values = params.json(), params.to_dict()
    columns = {values["fields"][name]: name for name in ("id", "text", "host")}
    if keep := values["documents"]["keep"].partition(":")[2]:
        columns.setdefault(keep, "sort_key")

    def documents(batches: Iterator[Any]) -> Iterator[Any]:
        import pyarrow

        of = Params.from_json(packed)
        for file in (row for batch in batches for row in batch.to_pylist()):
            for table in Documents(file["name"], file["path"], file["folder"], of):
                made = pyarrow.table(table).select(list(columns.values()))
                yield from _batches(made.rename_columns(list(columns)))

    files = [tuple(row.values()) for row in sources(paths, params).to_pylist()]
    if not files:
        raise errors.InputError(f"there is nothing to read at {', '.join(map(str, paths))}")
    listed = spark.createDataFrame(files, "name string, path string, folder string")
    # Dealt out from one partition, so that none gets two.
    spread = listed.coalesce(1).repartition(len(files))
    return spread.mapInArrow(documents, ", ".join(f"`{name}` string" for name in columns))


# In executors: one of each for a Python process and the parameters it works for.


@functools.lru_cache(maxsize=4)
def _parts(params: str) -> Parts:
    return Parts(Params.from_json(params))


@functools.lru_cache(maxsize=1)
def _frequencies(packed: bytes) -> Frequencies:
    return Frequencies.from_bytes(zlib.decompress(packed))


def _batches(table: Any) -> Iterator[Any]:
    import pyarrow

    return iter(pyarrow.table(table).to_batches())


def _with(batch: Any, columns: list[str], table: Any) -> Iterator[Any]:
    """Columns of a batch beside those that a part made of it, row by row."""
    import pyarrow

    made = pyarrow.table(table)
    beside = pyarrow.Table.from_batches([batch]).select(columns)
    for name in made.column_names:
        beside = beside.append_column(name, made[name])
    return iter(beside.to_batches())


def _written(df: DataFrame, mode: str, path: str) -> None:
    df.write.mode(mode).option("compression", "zstd").parquet(path)


class _Run:
    """One run: its stages, each landed when it is first asked for."""

    def __init__(self, df: DataFrame, work: str, params: Params):
        self.df = df
        self.spark = df.sparkSession
        self.work = work.rstrip("/")
        self.params = params
        self.json = self.params.json()
        self.fields = self.params.to_dict()["fields"]
        self.landed: dict[str, DataFrame] = {}
        # Refused here, before a job is started.
        for name in ("text", "id"):
            if self.fields[name] not in df.columns:
                raise errors.UsageError(
                    f"there is no column `{self.fields[name]}`, only {', '.join(df.columns)}; hint: name the one that "
                    f"holds the {name} with fields={{\"{name}\": ...}}, or --{name}-field"
                )
        if self.params.to_dict()["passages"]["scope"] != "document":
            raise errors.UsageError(
                "passages across documents are not searched on Spark; hint: leave the scope at document, or run "
                "`ghirbal` or `ghirbal.report` on one machine"
            )
        Parts(self.params)

    # Landing.

    @functools.cached_property
    def finished(self) -> dict[str, str]:
        """The stages that runs before have finished, with their schemas as JSON."""
        from pyspark.errors import PySparkException

        try:
            marks = self.spark.read.schema(_MARK).parquet(f"{self.work}/finished").collect()
        except PySparkException:  # there is no such folder
            return {}
        for differs, what in (
            (any(mark.params != self.params.digest for mark in marks), "with other parameters"),
            (any(mark.files != self.files for mark in marks), "from other files"),
        ):
            if differs:
                raise errors.UsageError(f"`{self.work}` was made {what}; hint: name an empty folder with work=...")
        return {mark.stage: mark.schema for mark in marks}

    @functools.cached_property
    def files(self) -> str:
        """What tells the files that the DataFrame is read from apart from others, where the engine says which."""
        from pyspark.errors import PySparkException

        try:
            files = sorted(self.df.inputFiles())
        except PySparkException:
            files = []
        return hashlib.sha256("\n".join(files).encode()).hexdigest()

    def land(self, name: str, make: Callable[[], DataFrame]) -> DataFrame:
        """The stage ``name``, from its folder when a run before has finished it."""
        from pyspark.sql.types import StructType

        if name not in self.landed:
            path, schema = f"{self.work}/{name}", self.finished.get(name)
            _log.info("%s %s", name, "begins" if schema is None else "is there")
            if schema is None:
                made = make()
                schema = made.schema.json()
                _written(made, "overwrite", path)
                mark = self.spark.createDataFrame([(name, self.params.digest, self.files, schema)], _MARK)
                _written(mark.coalesce(1), "append", f"{self.work}/finished")
            self.landed[name] = self.spark.read.schema(StructType.fromJson(json.loads(schema))).parquet(path)
        return self.landed[name]

    def map(self, df: DataFrame, part: str, schema: str) -> DataFrame:
        """Every batch through a part of the core."""
        params = self.json

        def run(batches: Iterator[Any]) -> Iterator[Any]:
            work = getattr(_parts(params), part)
            for batch in batches:
                yield from _batches(work(batch))

        return df.mapInArrow(run, schema)

    # Documents.

    def documents(self) -> DataFrame:
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def read() -> DataFrame:
            wanted = [name for name in self.params.columns() if name in self.df.columns]
            return self.map(self.df.select(*wanted), "documents", _READ)

        def number() -> DataFrame:
            # Numbers are places in the order of ids: by ranges, so that no machine has to hold them all.
            ranged = self.land("read", read)
            order = ["id", "print_high", "print_low", "bytes"]
            ranged = self.land(
                "ranged", lambda: ranged.repartitionByRange(*order).withColumn("part", F.spark_partition_id())
            )
            held = ranged.groupBy("part").agg(F.count("*"), F.min("id"), F.max("id"))
            ranges = sorted(map(tuple, held.collect()))
            if any(last > first for (_, _, _, last), (_, _, first, _) in zip(ranges, ranges[1:])):
                # An engine without ranges, such as Sail, counts through all.
                ranged, ranges = ranged.withColumn("part", F.lit(0)), [(0, 0, "", "")]
            before = itertools.accumulate((count for _, count, _, _ in ranges), initial=0)
            starts = [(part, start) for (part, *_), start in zip(ranges, before)]
            offsets = self.spark.createDataFrame(starts or [(0, 0)], "part int, before bigint")
            place = F.row_number().over(Window.partitionBy("part").orderBy(*order)) - 1
            numbered = ranged.withColumn("place", place).join(F.broadcast(offsets), "part")
            return numbered.withColumn("number", F.col("place") + F.col("before")).drop("part", "place", "before")

        return self.land("documents", number)

    def slim(self) -> DataFrame:
        return self.documents().drop("text", "host")

    def copies(self) -> DataFrame:
        """Documents with equal comparison forms: number, first (the first of them)."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        same = Window.partitionBy("print_high", "print_low")
        prints = self.slim().where("print_high is not null").select("number", "print_high", "print_low")
        prints = prints.withColumn("first", F.min("number").over(same)).withColumn("of", F.count("*").over(same))
        return self.land("copies", lambda: prints.where("of > 1").select("number", "first"))

    def firsts(self) -> DataFrame:
        """The first of equal documents, and all without an equal one."""
        later = self.copies().where("number != first").select("number")
        return self.documents().where("print_high is not null").join(later, "number", "left_anti")

    # Lines of templates.

    def lines(self) -> DataFrame:
        made = lambda: self.map(  # noqa: E731
            self.firsts().select("number", "text"), "lines", "number bigint, line bigint, key bigint, len bigint"
        )
        return self.land("lines", made)

    def counts(self) -> DataFrame:
        from pyspark.sql import functions as F

        def made() -> DataFrame:
            lines = self.lines().groupBy("key")
            counted = lines.agg(F.min("len").alias("len"), F.countDistinct("number").alias("documents"))
            return counted.where("documents > 1")

        return self.land("counts", made)

    def templates(self) -> DataFrame:
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def made() -> DataFrame:
            counts, lines = self.counts(), self.lines()
            worth = self.map(counts, "may_be_template", "key bigint, len bigint, documents bigint")
            held = lines.select("key", "number").distinct().join(worth.select("key", "documents"), "key")
            prints = self.slim().select("number", "print_high", "print_low")
            # Prints are unsigned: those that look negative come last.
            smallest = Window.partitionBy("key").orderBy(
                F.col("print_high") < 0, "print_high", F.col("print_low") < 0, "print_low"
            )
            held = held.join(prints, "number").withColumn("rank", F.row_number().over(smallest))
            held = held.where(F.col("rank") <= Parts.HOLDERS_MAX)
            asked = held.groupBy("number").agg(F.collect_list(F.struct("key", "documents")).alias("asked"))
            asked = asked.select("number", F.col("asked.key").alias("keys"), F.col("asked.documents").alias("ds"))
            of_lines = lines.join(asked.select("number"), "number", "left_semi")
            of_lines = of_lines.join(counts.select("key", "documents"), "key", "left")
            of_lines = of_lines.withColumn("documents", F.coalesce("documents", F.lit(1).cast("bigint")))
            of_lines = of_lines.groupBy("number").agg(
                F.sort_array(F.collect_list(F.struct("line", "documents"))).alias("lines")
            )
            of_lines = of_lines.select("number", F.col("lines.documents").alias("documents"))
            texts = self.firsts().select("number", "text")
            rests = self.map(
                asked.join(of_lines, "number").join(texts, "number").select("text", "documents", "keys", "ds"),
                "rests",
                "key bigint, rest array<bigint>",
            )
            rests = rests.groupBy("key").agg(F.collect_list(F.struct("rest")).alias("rests"))
            return self.map(rests, "templates", "key bigint")

        return self.land("templates", made)

    def core(self) -> DataFrame:
        """number, text, template (the places of a template's lines)."""
        from pyspark.sql import functions as F

        def made() -> DataFrame:
            masked = self.lines().join(self.templates(), "key").groupBy("number")
            return masked.agg(F.sort_array(F.collect_list("line")).alias("template"))

        masks = self.land("masks", made)
        return self.firsts().select("number", "text").join(masks, "number", "left")

    # Pairs.

    def candidates(self) -> DataFrame:
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def propose(batches: Iterator[Any]) -> Iterator[Any]:
            proposer = Proposer()
            for batch in batches:
                yield from _batches(proposer.push(batch))
            yield from _batches(proposer.finish())

        def made() -> DataFrame:
            keys = self.land(
                "keys", lambda: self.map(self.core(), "keys", "band int, key bigint, number bigint, len bigint")
            )
            # A key that one document has, as most are, is not worth the way.
            same = Window.partitionBy("band", "key")
            grouped = keys.withColumn("of", F.count("*").over(same)).withColumn(
                "place", F.row_number().over(same.orderBy("number"))
            )
            proposed = grouped.where("of > 1").mapInArrow(propose, "a bigint, b bigint, banded bigint, smaller bigint")
            pairs = proposed.groupBy("a", "b").agg(
                F.max("banded").alias("banded"),
                F.sum(1 - F.col("banded")).alias("shared"),
                F.max("smaller").alias("smaller"),
            )
            return self.map(pairs, "candidates", "a bigint, b bigint")

        return self.land("candidates", made)

    def matches(self) -> DataFrame:
        def sets() -> DataFrame:
            sides = self.candidates().selectExpr("a as number").union(self.candidates().selectExpr("b as number"))
            return self.map(
                self.core().join(sides.distinct(), "number", "left_semi"),
                "sets",
                "number bigint, shingles array<bigint>",
            )

        def made() -> DataFrame:
            of = self.land("sets", sets)
            pairs = self.candidates()
            pairs = pairs.join(of.selectExpr("number as a", "shingles as set_a"), "a")
            pairs = pairs.join(of.selectExpr("number as b", "shingles as set_b"), "b")
            return self.map(
                pairs, "verify", "a bigint, b bigint, kind string, jaccard double, containment double"
            )

        return self.land("matches", made)

    def components(self) -> DataFrame:
        """number, component: the smallest number that a document hangs together with."""

        def contract(batches: Iterator[Any]) -> Iterator[Any]:
            forest = Forest()
            for batch in batches:
                forest.push(batch)
            yield from _batches(forest.finish())

        def contracted(links: DataFrame) -> DataFrame:
            return links.mapInArrow(contract, "a bigint, b bigint")

        def made() -> DataFrame:
            links = self.copies().selectExpr("number as a", "first as b").union(self.matches().select("a", "b"))
            links = self.land("links", lambda: contracted(links))
            few = links.count() <= LINKS_GATHERED_MAX
            links = contracted(links.repartition(1)) if few else self.stars(links)
            return links.selectExpr("a as number", "b as component")

        return self.land("components", made)

    def stars(self, links: DataFrame) -> DataFrame:
        """Every document linked to the smallest of its component, without holding more than one
        document's links at a time: large stars and small stars in turns (Kiveris et al., Connected
        Components in MapReduce and Beyond, 2014), each round landed."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        def linked_to_least(links: DataFrame) -> DataFrame:
            least = F.least("a", F.min("b").over(Window.partitionBy("a")))
            return links.withColumn("least", least)

        def round_of(links: DataFrame) -> DataFrame:
            both = links.union(links.selectExpr("b as a", "a as b"))
            large = linked_to_least(both).where("b > a").selectExpr("b as a", "least as b").distinct()
            small = linked_to_least(large)
            small = small.select("a", "least").union(small.where("b != least").select("b", "least"))
            return small.toDF("a", "b").distinct()

        links, rounds, unfinished = links.where("a != b"), 0, True
        while unfinished:
            rounds += 1
            before = links
            links = self.land(f"stars_{rounds}", lambda: round_of(before))
            # Done when none hangs on two, and none on one that hangs on another.
            twice = links.groupBy("a").count().where("count > 1").select("a")
            unfinished = bool(twice.union(links.select("a").join(links.selectExpr("b as a"), "a", "left_semi")).head(1))
        return links.union(links.selectExpr("b as a", "b").distinct())

    def settled(self) -> DataFrame:
        """Pairs, clusters and fates, component by component: the documents that have an equal or a match,
        and no others."""
        from pyspark.sql import Window
        from pyspark.sql import functions as F

        params = self.json

        def settle(batches: Iterator[Any]) -> Iterator[Any]:
            settler = Settler(_parts(params))
            for batch in batches:
                yield from _batches(settler.push(batch))
            yield from _batches(settler.finish())

        def made() -> DataFrame:
            components = self.components()
            documents = self.slim().join(components, "number").withColumn("matched", F.lit(False))
            matches = self.matches().join(components.withColumnRenamed("number", "a"), "a")
            matches = matches.withColumn("matched", F.lit(True))
            together = documents.unionByName(matches, allowMissingColumns=True)
            # The core counts along, so that an engine that does not keep the order is found out.
            within = Window.partitionBy("component").orderBy("matched", "number", "a", "b")
            return together.withColumn("place", F.row_number().over(within)).mapInArrow(settle, _SETTLED)

        return self.land("settled", made)

    # Inside documents.

    def frequencies(self) -> bytes:
        """How common words and lines are: at most some ten megabytes, whatever the corpus."""
        from pyspark.sql import functions as F

        params = self.json

        def observe(batches: Iterator[Any]) -> Iterator[Any]:
            observer = Observer(_parts(params))
            for batch in batches:
                observer.push(batch)
            yield from _batches(observer.finish())

        def made() -> DataFrame:
            texts = self.documents().select("host", "text")
            counted = texts.mapInArrow(observe, "place bigint, documents bigint, at_edge bigint, as_title bigint")
            return counted.groupBy("place").agg(
                *(F.sum(name).alias(name) for name in ("documents", "at_edge", "as_title"))
            )

        counted = self.land("frequencies", made).toArrow().combine_chunks()
        return zlib.compress(Frequencies(counted).to_bytes(), 1)

    def examined(self, inside: bool) -> DataFrame:
        params = self.json
        fates = self.settled().where("number is not null").drop("row")
        documents = self.documents().join(fates, "number", "left")
        packed = None

        def examine(batches: Iterator[Any]) -> Iterator[Any]:
            known = None if packed is None else _frequencies(packed)
            work = _parts(params).examine
            for batch in batches:
                yield from _with(batch, ["number", "id"], work(batch, known))

        schema = (
            "number bigint, id string, bytes bigint, removed bigint, gone boolean, cleaned string, metadata string, "
            "rows array<string>"
        )
        columns = ["number", "id", "host", "text", "partner", "kind", "jaccard", "containment"]

        def made() -> DataFrame:
            nonlocal packed
            packed = self.frequencies() if inside else None
            return documents.select(*columns).mapInArrow(examine, schema)

        return self.land("examined" if inside else "examined_documents", made)

    def check_ceiling(self, examined: DataFrame, max_removed: float) -> None:
        [(of, removed)] = examined.selectExpr("sum(bytes)", "sum(removed)").collect()
        if of and removed / of > max_removed:
            raise errors.CeilingError(
                f"{removed / of:.1%} of the text would go, more than the {max_removed:.1%} that max_removed allows; "
                "hint: look at ghirbal.spark.report first, with the same work; raise max_removed if that is what you "
                "want"
            )

    def findings(self, examined: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F

        def widen(batches: Iterator[Any]) -> Iterator[Any]:
            for batch in batches:
                yield from _batches(_as_findings(batch.column(0)))

        rows = examined.select(F.explode("rows").alias("row"))
        rows = rows.union(self.settled().where("row is not null").select("row"))
        return rows.mapInArrow(widen, FINDINGS)

    def _unique(self, examined: DataFrame) -> DataFrame:
        shared = examined.groupBy("id").count().where("count > 1").limit(1).collect()
        if shared:
            raise errors.UsageError(
                f"two rows are called `{shared[0][0]}`, so what goes of one cannot be told from the other; hint: "
                "name a column of unique ids with fields={\"id\": ...}"
            )
        return examined

    def staying(self, examined: DataFrame) -> DataFrame:
        gone = self._unique(examined).where("gone").selectExpr("id as _ghirbal_id")
        return self.df.join(gone, self.df[self.fields["id"]].cast("string") == gone["_ghirbal_id"], "left_anti")

    def cleaned(self, examined: DataFrame) -> DataFrame:
        from pyspark.sql import functions as F

        stays = self._unique(examined).where("not gone")
        stays = stays.selectExpr("id as _ghirbal_id", "cleaned as _ghirbal_text", "metadata as _ghirbal_metadata")
        joined = self.df.join(stays, self.df[self.fields["id"]].cast("string") == stays["_ghirbal_id"])
        text = self.fields["text"]
        columns = [F.col("_ghirbal_text").alias(text) if c == text else self.df[c] for c in self.df.columns]
        metadata = self.fields["metadata"]
        while metadata in self.df.columns:
            metadata += "_2"
        return joined.select(*columns, F.col("_ghirbal_metadata").alias(metadata))


def main(arguments: list[str] | None = None) -> int:
    """A job for ``spark-submit``, with the options of ``ghirbal report``, ``dedup`` and ``clean``; ``--help`` lists
    them.

    :param arguments: the words behind the program's name, by default those of this process.
    :returns: the exit code: 0 done, 1 failed, 3 stopped by the ceiling. Wrong usage exits with 2.
    """
    try:
        _job(asked(list(sys.argv[1:] if arguments is None else arguments)))
    except errors.Error as error:
        print(f"error: {error}", file=sys.stderr)
        return 3 if isinstance(error, errors.CeilingError) else 1
    return 0


def _job(job: Asked) -> None:
    from pyspark.errors import PySparkException
    from pyspark.sql import SparkSession

    logging.basicConfig(format="%(asctime)s %(name)s: %(message)s")
    _log.setLevel(logging.INFO)
    spark = SparkSession.builder.appName(f"ghirbal {job.command}").getOrCreate()
    cleaned, findings = f"{job.output}/cleaned", f"{job.output}/findings"
    for path in [findings] if job.command == "report" else [cleaned, findings]:
        # Refused now, not behind hours of work.
        with contextlib.suppress(PySparkException):  # there is no such folder
            if spark.read.schema("_ string").parquet(path).head(1):
                raise errors.UsageError(f"`{path}` is there already; hint: name another folder with --output")
    if job.read == "files":
        df = read(spark, job.inputs, params=job.params)
    else:
        df = spark.read.format(job.read).load(job.inputs)
    if job.command == "report":
        found = report(df, work=job.work, params=job.params)
    else:
        run = clean if job.command == "clean" else dedup
        table, found = run(df, work=job.work, max_removed=job.max_removed, params=job.params)
        _written(table, "error", cleaned)
    _written(found, "error", findings)

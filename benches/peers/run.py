#!/usr/bin/env python3
"""Ghirbal's `dedup` beside its peers: CPU, wall, memory of a process each, and what was found.

usage: run.py CORPUS.jsonl [--ghirbal BIN] [--oracle PAIRS.jsonl] [--work DIR] [--first N] [--runs N]
              [--only NAME,..] [--shapes 18x5,16x8] [--once-over SECONDS] [--table]
"""

import argparse
import itertools
import json
import os
import pathlib
import shutil
import statistics
import sys
import time

from common import fold_corpus, shingles
from peer import PEERS

HERE = pathlib.Path(__file__).resolve().parent
THRESHOLD = 0.8


def arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("corpus", type=pathlib.Path, help="JSON Lines with `id` and `text`")
    parser.add_argument("--ghirbal", default=str(HERE.parents[1] / "target/release/ghirbal"))
    parser.add_argument("--oracle", type=pathlib.Path, help="all pairs of the corpus; default: beside it, NAME.oracle.jsonl")
    parser.add_argument("--work", type=pathlib.Path, default=HERE.parents[1] / "target/peers", help="for the folded corpus and what the tools write")
    parser.add_argument("--first", type=int, default=0, help="take the first N documents only")
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--only", help="of " + ", ".join(["ghirbal", "ghirbal_raw", *PEERS]))
    parser.add_argument("--shapes", default="18x5,16x8", help="bands x rows; 18x5 is what `dedup` prints for .8")
    parser.add_argument("--once-over", type=float, default=40, help="CPU seconds from which a peer is run once")
    parser.add_argument("--table", action="store_true", help="measure nothing; the table of what was measured before")
    return parser.parse_args()


def process(command, log):
    """CPU and wall seconds and peak bytes of one process and its children."""
    begin = time.monotonic()
    pid = os.fork()
    if pid == 0:
        out = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_TRUNC)
        os.dup2(out, 1)
        os.dup2(out, 2)
        os.execv(command[0], command)
    _, status, used = os.wait4(pid, 0)
    if status != 0:
        sys.exit(f"{' '.join(command)} failed:\n{pathlib.Path(log).read_text()}")
    return used.ru_utime + used.ru_stime, time.monotonic() - begin, used.ru_maxrss * 1024


class Subject:
    """One row of the table."""

    def __init__(self, name, shape, args, folded, raw, work):
        self.name, self.shape, self.costs = name, shape, []
        self.out = work / f"{name}-{shape}"
        bands, rows = shape.split("x")
        if name.startswith("ghirbal"):
            source = raw if name == "ghirbal_raw" else folded
            self.command = [args.ghirbal, "dedup", str(source), "-o", str(self.out), "--max-removed", "1"]
            self.command += ["--similar", str(THRESHOLD), "--bands", bands, "--rows", rows]
        else:
            self.command = [sys.executable, str(HERE / "peer.py"), name, str(folded), str(self.out), bands, rows, str(THRESHOLD)]

    def run(self, work):
        shutil.rmtree(self.out, ignore_errors=True)
        self.costs.append(process(self.command, work / "log"))

    def found(self, row_of):
        """Pairs of rows, flagged rows, and groups of equal rows, whichever the tool gives."""
        if not self.name.startswith("ghirbal"):
            rows = [tuple(map(int, line.split())) for line in open(self.out)]
            pairs = {tuple(sorted(r)) for r in rows if len(r) == 2}
            flagged = {r[0] for r in rows if len(r) == 1}
            return pairs, flagged or {row for pair in pairs for row in pair}, bool(flagged)
        row = row_of if self.name == "ghirbal_raw" else {str(n): n for n in row_of.values()}
        pairs = set()
        for line in open(self.out / "findings.jsonl", encoding="utf8"):
            if line.startswith('{"type":"document_pair"'):
                pair = json.loads(line)
                if pair["kind"] != "contained":
                    pairs.add(tuple(sorted((row[pair["a"]], row[pair["b"]]))))
        return pairs, {row for pair in pairs for row in pair}, False


def components(pairs):
    """The smallest row of each row's group, groups being what pairs join."""
    root = {}

    def find(a):
        while root.setdefault(a, a) != a:
            root[a] = root[root[a]]
            a = root[a]
        return a

    for a, b in pairs:
        a, b = find(a), find(b)
        root[max(a, b)] = min(a, b)
    return {a: find(a) for a in list(root)}


def exact(folded, pairs):
    """The true Jaccard of each pair on the common shingles."""
    wanted, sets = {row for pair in pairs for row in pair}, {}
    for row, line in enumerate(open(folded, encoding="utf8")):
        if row in wanted:
            sets[row] = frozenset(map(hash, shingles(json.loads(line)["text"].split(" "))))
    common = ((a, b, len(sets[a] & sets[b])) for a, b in pairs)
    return {(a, b): n / (len(sets[a]) + len(sets[b]) - n) for a, b, n in common}


def measure(subjects, args):
    """Runs all in turn; each cost is written down at once, so that a stopped run is not lost."""
    with open(args.work / "costs.jsonl", "w") as costs:
        for run in range(args.runs):
            for subject in subjects:
                if run == 0 or subject.costs[0][0] < args.once_over:
                    subject.run(args.work)
                    cpu, wall, peak = subject.costs[-1]
                    print(json.dumps([subject.name, subject.shape, cpu, wall, peak]), file=costs, flush=True)
                    print(f"{subject.name} {subject.shape}: {cpu:.2f} s CPU, {wall:.2f} s, {peak / 1e6:.0f} MB", file=sys.stderr)


def recall(subjects, args):
    """The costs that a run wrote down; what the tools found lies beside them."""
    for line in open(args.work / "costs.jsonl"):
        name, shape, *cost = json.loads(line)
        for subject in subjects:
            if (subject.name, subject.shape) == (name, shape):
                subject.costs.append(cost)


def main():
    args = arguments()
    args.work.mkdir(parents=True, exist_ok=True)
    stem = f"{args.corpus.stem}-{args.first or 'all'}"
    folded, names, raw = (args.work / f"{stem}.{end}" for end in ("folded.jsonl", "ids", "raw.jsonl"))
    if not names.exists():
        fold_corpus(args.corpus, folded, names, args.first)
        if args.first:
            with open(args.corpus, encoding="utf8") as docs, open(raw, "w", encoding="utf8") as part:
                part.writelines(itertools.islice(docs, args.first))
    raw = raw if args.first else args.corpus
    row_of = {json.loads(line): row for row, line in enumerate(open(names))}

    chosen = args.only.split(",") if args.only else ["ghirbal", "ghirbal_raw", *PEERS]
    subjects = [Subject(name, shape, args, folded, raw, args.work) for shape in args.shapes.split(",") for name in chosen]
    (recall if args.table else measure)(subjects, args)
    subjects = [subject for subject in subjects if subject.costs]

    oracle = args.oracle or args.corpus.with_suffix(".oracle.jsonl")
    pool = set()
    if oracle.exists():
        listed = (json.loads(line) for line in open(oracle, encoding="utf8"))
        pool = {tuple(sorted((row_of[p["a"]], row_of[p["b"]]))) for p in listed if p["a"] in row_of and p["b"] in row_of}
    known = len(pool)
    results = [subject.found(row_of) for subject in subjects]
    for pairs, _, _ in results:
        pool |= pairs
    jaccard = exact(folded, pool)
    truth = {pair for pair, j in jaccard.items() if j >= THRESHOLD}
    alike = {row for pair in truth for row in pair}
    print(f"{args.corpus.name}: {len(row_of)} documents, folded {folded.stat().st_size / 1e6:.1f} MB")
    print(f"{len(truth)} pairs at or above {THRESHOLD} ({len(alike)} documents) among {known} of the oracle and {len(pool) - known} more that a tool listed\n")

    base = {s.shape: statistics.median(c[0] for c in s.costs) for s in subjects if s.name == "ghirbal"}
    print("| tool | bands x rows | CPU s | x `dedup` | wall s | peak MB | runs | pairs | right | found | found, groups | documents right | documents found |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|--:|")
    for subject, (pairs, documents, flags_only) in zip(subjects, results):
        cpu, wall, peak = (statistics.median(column) for column in zip(*subject.costs))
        group = components(pairs)
        right = sum(jaccard[p] >= THRESHOLD for p in pairs)
        grouped = sum(a in group and b in group and group[a] == group[b] for a, b in truth)
        figures = [len(pairs), share(right, len(pairs)), share(len(truth & pairs), len(truth)), share(grouped, len(truth))]
        figures = ["–"] * 4 if flags_only else figures
        figures += [share(len(documents & alike), len(documents)), share(len(documents & alike), len(alike))]
        times = f"{cpu / base[subject.shape]:.1f}" if subject.shape in base else ""
        cells = [subject.name, subject.shape, f"{cpu:.2f}", times, f"{wall:.2f}", f"{peak / 1e6:.0f}", len(subject.costs), *figures]
        print("| " + " | ".join(map(str, cells)) + " |")


def share(part, whole):
    return f"{part / whole:.4f}" if whole else "–"


main()

#!/usr/bin/env python3
"""Compares reported document pairs with an oracle of all pairs, by the true similarity of whole texts.

usage: oracle.py DOCS.jsonl ORACLE.jsonl FINDINGS.jsonl

The oracle lists pairs {"a","b","jaccard5"}; a few of its values do not belong to the pair they stand
with, and a few pairs are missing, so both sides are computed again here: word 5-grams of NFKC text with
the Arabic folds. Prints {"truth": pairs at or above .85, "recall", "false": near pairs below .5}.
"""
import json, re, sys, unicodedata

MARKS = re.compile("[\u0640\u064b-\u065f\u0670\u0610-\u061a\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FOLD = str.maketrans("آأإٱؤئىیةک٠١٢٣٤٥٦٧٨٩", "ااااويييهك0123456789")


def shingles(text):
    words = re.findall(r"\w+", MARKS.sub("", unicodedata.normalize("NFKC", text)).translate(FOLD).casefold())
    return {tuple(words[i : i + 5]) for i in range(max(1, len(words) - 4))}


def main():
    docs_path, oracle_path, findings_path = sys.argv[1:]
    near, cluster = set(), {}
    for line in open(findings_path, encoding="utf8"):
        if line.startswith('{"type":"document_pair"'):
            row = json.loads(line)
            if row["kind"] != "contained":
                near.add((row["a"], row["b"]))
        elif line.startswith('{"type":"cluster"'):
            row = json.loads(line)
            cluster.update({member: row["anchor"] for member in [row["anchor"], *row["members"]]})
    oracle = [json.loads(line) for line in open(oracle_path, encoding="utf8")]
    oracle = {(r["a"], r["b"]) for r in oracle if r["jaccard5"] >= 0.85}
    wanted = {doc for pair in near | oracle for doc in pair}
    sets = {}
    for line in open(docs_path, encoding="utf8"):
        row = json.loads(line)
        if row["id"] in wanted:
            sets[row["id"]] = shingles(row["text"])
    jaccard = lambda a, b: len(sets[a] & sets[b]) / len(sets[a] | sets[b])
    truth = [pair for pair in oracle if jaccard(*pair) >= 0.85]
    found = near | {(b, a) for a, b in near}
    hit = sum(p in found or cluster.get(p[0], 0) == cluster.get(p[1], 1) for p in truth)
    low = [pair for pair in near if jaccard(*pair) < 0.5]
    below = sum(jaccard(*pair) < 0.8 for pair in near)
    print(json.dumps({"truth": len(truth), "recall": hit / max(1, len(truth)), "reported": len(near), "false": len(low), "whole_text_below_threshold": below}))


main()

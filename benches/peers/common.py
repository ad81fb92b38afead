"""Words and shingles that every peer is given and measured by."""

import json
import re
import unicodedata

SHINGLE = 5
MARKS = re.compile("[\u0640\u064b-\u065f\u0670\u0610-\u061a\u06d6-\u06ed\u200b-\u200f\u202a-\u202e\u2066-\u2069\ufeff]")
FOLD = str.maketrans("آأإٱؤئىیةک٠١٢٣٤٥٦٧٨٩", "ااااويييهك0123456789")
WORD = re.compile(r"\w+")


def words(text):
    """NFKC, the Arabic folds, case folding, runs of word characters: as in checks/oracle.py."""
    return WORD.findall(MARKS.sub("", unicodedata.normalize("NFKC", text)).translate(FOLD).casefold())


def shingles(words):
    """The set of word 5-grams of a folded text; a shorter text is one shingle."""
    return {" ".join(words[i : i + SHINGLE]) for i in range(max(1, len(words) - SHINGLE + 1))}


def fold_corpus(source, target, ids, first):
    """Writes `source` (JSON Lines with id and text) folded: words joined by single spaces, rows numbered."""
    with open(source, encoding="utf8") as docs, open(target, "w", encoding="utf8") as folded, open(ids, "w") as names:
        for row, line in enumerate(docs):
            if first and row == first:
                break
            doc = json.loads(line)
            folded.write(json.dumps({"id": str(row), "text": " ".join(words(doc["text"]))}, ensure_ascii=False) + "\n")
            names.write(json.dumps(doc["id"]) + "\n")

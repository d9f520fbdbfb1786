"""Writes word-counts.fixtures.json: tf-idf of a few texts by scikit-learn.

Run with Debian's python3 (python3-sklearn).
"""

import json
import pathlib

from sklearn.feature_extraction.text import TfidfVectorizer

texts = [
    "A good film, a very good film indeed!",
    "A bad film. Don't watch it.",
    "Good acting in a bad film?",
    "Not a film that I would watch again!",
    "Indeed: acting that I'd watch again and again.",
]
# The words of this library: letters and digits with what follows an apostrophe, and single ! and ?.
words = TfidfVectorizer(token_pattern=r"[^\W_]+(?:'[^\W\d_]+)?|[!?]", min_df=2)
rows = words.fit_transform(texts).toarray()
here = pathlib.Path(__file__)
here.with_name("word-counts.fixtures.json").write_text(
    json.dumps({"texts": texts, "words": words.get_feature_names_out().tolist(), "rows": rows.tolist()}) + "\n"
)

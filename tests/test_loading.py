"""Records of mixed kinds are read by the libraries that people use, each from the formats that it reads."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.test_cli import FIXTURES, complaints, run

ARTICLES = 300

# Each program prints the number of rows, and how many teasers the last row but one has.
PROGRAMS = {
    "datasets-parquet": """
        from datasets import load_dataset
        pages = load_dataset("parquet", data_files="pages.parquet", split="train")
        print(len(pages), len(pages[-2]["teasers"]))
    """,
    "datasets-jsonl": """
        from datasets import load_dataset
        types = load_dataset("parquet", data_files="pages.parquet", split="train").features
        pages = load_dataset("json", data_files="pages.jsonl", split="train", features=types, chunksize=1 << 16)
        print(len(pages), len(pages[-2]["teasers"]))
    """,
    "datasets-csv": """
        import json
        from datasets import load_dataset
        pages = load_dataset("csv", data_files="pages.csv", split="train")
        print(len(pages), len(json.loads(pages[-2]["teasers"])))
    """,
    "polars-parquet": """
        import polars as pl
        pages = pl.read_parquet("pages.parquet")
        print(pages.height, len(pages["teasers"][-2]))
    """,
    "polars-jsonl": """
        import polars as pl
        pages = pl.read_ndjson("pages.jsonl", infer_schema_length=None)
        print(pages.height, len(pages["teasers"][-2]))
    """,
    "polars-csv": """
        import json, polars as pl
        pages = pl.read_csv("pages.csv")
        print(pages.height, len(json.loads(pages["teasers"][-2])))
    """,
    "pandas-parquet": """
        import pandas as pd
        pages = pd.read_parquet("pages.parquet")
        print(len(pages), len(pages["teasers"].iloc[-2]))
    """,
    "pandas-jsonl": """
        import pandas as pd
        pages = pd.read_json("pages.jsonl", lines=True, dtype=False)
        print(len(pages), len(pages["teasers"].iloc[-2]))
    """,
    "pandas-tsv": """
        import json, pandas as pd
        pages = pd.read_csv("pages.tsv", sep="\\t")
        print(len(pages), len(json.loads(pages["teasers"].iloc[-2])))
    """,
    "duckdb-parquet": """
        import duckdb
        print(*duckdb.sql("SELECT count(*), max(len(teasers)) FROM 'pages.parquet'").fetchall()[0])
    """,
    "duckdb-jsonl": """
        import duckdb
        print(*duckdb.sql("SELECT count(*), max(len(teasers)) FROM 'pages.jsonl'").fetchall()[0])
    """,
    "duckdb-csv": """
        import duckdb
        print(*duckdb.sql("SELECT count(*), max(json_array_length(teasers)) FROM 'pages.csv'").fetchall()[0])
    """,
    "R-csv": """
        pages <- read.csv("pages.csv", encoding = "UTF-8")
        cat(nrow(pages), nrow(jsonlite::fromJSON(pages$teasers[nrow(pages) - 1])), "\\n")
    """,
    "R-jsonl": """
        pages <- jsonlite::stream_in(file("pages.jsonl"), verbose = FALSE)
        cat(nrow(pages), nrow(pages$teasers[[nrow(pages) - 1]]), "\\n")
    """,
}


@pytest.fixture(scope="module")
def written(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with the same records in every format: many pages whose lists are empty, a listing, a page with nothing known."""
    directory = tmp_path_factory.mktemp("written")
    names = [*["body-only-text/source.txt"] * ARTICLES, "listing-html/source.html", "unknown-page-text/source.txt"]
    pages = [{"text": (FIXTURES / name).read_text(encoding="utf-8"), "url": None} for name in names]
    (directory / "dump").write_text("".join(f"{json.dumps(page)}\n" for page in pages))
    for ending in ("jsonl", "parquet", "csv", "tsv"):
        assert complaints(run("clean", directory / "dump", "-o", directory / f"pages.{ending}")) == []
    return directory


@pytest.mark.parametrize("program", PROGRAMS)
def test_mixed_kinds_load_as_they_are(written: Path, program: str) -> None:
    """A library reads all rows of a file whose only teasers stand behind hundreds of rows without any."""
    code = "\n".join(line.strip() for line in PROGRAMS[program].strip().splitlines())
    command = ["Rscript", "-e"] if program.startswith("R-") else [sys.executable, "-c"]
    if shutil.which(command[0]) is None:
        pytest.skip(f"{command[0]} is not installed")
    environment = {"HF_HOME": str(written / "cache"), "HF_HUB_OFFLINE": "1", "PATH": "/usr/bin:/bin"}
    done = subprocess.run([*command, code], cwd=written, env=environment, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, done.stdout.split()) == (0, [str(ARTICLES + 2), "3"]), done.stderr

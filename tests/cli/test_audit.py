"""`audit`: the journal of a real store is checked, written out, and checked again without the store."""

import contextlib
import hashlib
import json
import sqlite3
import stat
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import pytest
import yaml

from controller.app.audit import head_of
from controller.codes import BLOCKED, DONE, NEGATIVE, UNREACHABLE, WRONG
from controller.model.story import ORIGIN, ChainHead
from controller.stores.chain import START
from tests.targets.ecs.rig import REGION, new_ground

BUCKET = "s3://audit"


@pytest.fixture
def kept(shop):
    """A shop with some history; `kept.rows` are the numbers and chains of its journal."""
    shop.release("1")
    shop("pause", "prod", "api", "--reason", "look: \x1b[31m ü")
    shop("resume", "prod", "api")
    shop.rows = [(link.number, link.chain) for link in shop.store.links()]
    return shop


@pytest.fixture
def aws(monkeypatch):
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    with new_ground(monkeypatch) as ground:
        monkeypatch.setenv("TRUEUP_ENDPOINT_URL", ground.sandbox.endpoint_url)
        s3 = ground.aws.client("s3")
        with suppress(s3.exceptions.BucketAlreadyOwnedByYou):
            s3.create_bucket(Bucket="audit", CreateBucketConfiguration={"LocationConstraint": REGION})
        yield s3


def tampered(shop, statement, *values):
    with contextlib.closing(sqlite3.connect(shop.url.removeprefix("sqlite:///"))) as db:
        assert db.execute(statement, values).rowcount >= 1
        db.commit()


def exported(shop, tmp_path, *flags):
    path = tmp_path / f"export-{len(list(tmp_path.glob('export-*')))}.jsonl"
    said = shop("audit", "export", str(path), *flags)
    assert said.code == DONE, said.err
    return path


def edited(path: Path, change) -> Path:
    lines = path.read_text().splitlines(keepends=True)
    changed = path.with_suffix(".edited")
    changed.write_text("".join(change(lines)))
    return changed


# ---- verify


def test_a_journal_that_nobody_touched_fits_and_its_head_is_told(kept):
    said = kept("audit", "verify")
    number, head = kept.rows[-1]
    assert said.code == DONE
    assert said.out == (f"{kept.url}: {number} rows (1 to {number}), and each fits\nhead {head} at row {number}\n")


@pytest.mark.parametrize("read", [json.loads, yaml.safe_load], ids=["json", "yaml"])
def test_machines_get_the_verdict_in_the_envelope(kept, read):
    form = {"loads": "json", "safe_load": "yaml"}[read.__name__]
    told = read(kept("audit", "verify", "-o", form).out)
    assert (told["apiVersion"], told["kind"]) == ("trueup/v1", "AuditVerdictList")
    number, head = kept.rows[-1]
    assert told["items"] == [
        {"where": kept.url, "rows": number, "first": 1, "number": number, "head": head, "misfit": None, "why": ""}
    ]


def test_a_store_without_history_has_the_head_of_nothing(shop):
    said = shop("audit", "verify")
    assert (said.code, said.out) == (DONE, f"{shop.url}: no rows, and each fits\nhead {ORIGIN} at row 0\n")


@pytest.mark.parametrize("column", ["body", "env", "target", "previous", "chain"])
def test_a_row_that_was_changed_in_any_column_is_named(kept, column):
    tampered(kept, f"UPDATE journal SET {column} = coalesce({column}, '') || ' ' WHERE number = 3")  # noqa: S608 - a column of the list above
    said = kept("audit", "verify")
    assert said.code == NEGATIVE
    assert said.out.startswith(f"{kept.url}: 2 rows (1 to 2), as far as it fits\nDOES NOT FIT: row 3 ")


def test_a_row_that_was_taken_is_found(kept):
    tampered(kept, "DELETE FROM journal WHERE number = 3")
    said = kept("audit", "verify", "-o", "json")
    (told,) = json.loads(said.out)["items"]
    assert said.code == NEGATIVE
    assert (told["misfit"], told["rows"], told["why"]) == (4, 2, "row 3 was expected after row 2, and row 4 came")


def test_a_row_put_in_between_is_found(kept):
    last = kept.rows[-1][0]
    tampered(kept, "UPDATE journal SET number = -number - 1 WHERE number >= 3")
    tampered(kept, "UPDATE journal SET number = -number WHERE number < 0")
    tampered(kept, "INSERT INTO journal SELECT 3, env, target, body, previous, chain FROM journal WHERE number = 2")
    said = kept("audit", "verify")
    assert said.code == NEGATIVE and "DOES NOT FIT: row 3 does not follow row 2" in said.out
    assert f"row {last + 1}" not in said.out


def test_rows_cut_off_at_the_end_are_found_by_a_head_that_was_kept(kept):
    number, head = kept.rows[-1]
    assert kept("audit", "verify", "--head", head).code == DONE
    tampered(kept, "DELETE FROM journal WHERE number >= ?", number - 1)
    assert kept("audit", "verify").code == DONE, "alone, the chain can not know"
    said = kept("audit", "verify", "--head", head.upper())
    assert said.code == NEGATIVE
    assert f"no row has the head {head}: rows were cut off at the end, or all were chained anew" in said.out


def test_a_head_that_was_kept_counts_though_more_was_written_since(kept):
    for _, head in kept.rows:
        assert kept("audit", "verify", "--head", head).code == DONE
    kept("pause", "prod", "--reason", "more")
    assert kept("audit", "verify", "--head", kept.rows[-1][1]).code == DONE


def test_a_journal_that_was_chained_anew_after_a_change_is_found_by_a_head_that_was_kept(kept):
    head = kept.rows[-1][1]
    tampered(kept, "UPDATE journal SET body = replace(body, 'look', 'sing')")
    previous = ORIGIN
    with contextlib.closing(sqlite3.connect(kept.url.removeprefix("sqlite:///"))) as db:
        for number, env, target, body in db.execute("SELECT number, env, target, body FROM journal").fetchall():
            row = f'{{"number":{number},"env":{json.dumps(env)},"target":{json.dumps(target)},"row":{body}}}'
            chain = hashlib.sha256(f"{previous}{row}".encode()).hexdigest()
            db.execute("UPDATE journal SET previous = ?, chain = ? WHERE number = ?", (previous, chain, number))
            previous = chain
        db.commit()
    assert kept("audit", "verify").code == DONE
    assert kept("audit", "verify", "--head", head).code == NEGATIVE


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("--head", "3fa"), "'3fa' is no head of a chain: it has 64 hexadecimal digits"),
        (("--file", "nowhere.jsonl"), "nowhere.jsonl cannot be read: No such file or directory"),
        (("--store", "sqlite:///nowhere.db"), "there is no such file"),
        (("--file", "x", "--store", "memory:"), "--file and --store exclude each other"),
    ],
)
def test_what_cannot_be_verified_is_said_in_one_sentence(trueup, args, message):
    said = trueup("audit", "verify", *args)
    assert said.code == WRONG and message in said.err and said.out == ""


def test_a_store_that_no_new_run_has_opened_yet_is_not_said_to_fit_and_run_chains_it(kept, tmp_path):
    number, head = kept.rows[-1]
    kept.store.close()
    for statement in ("DROP COLUMN previous", "DROP COLUMN chain"):
        with contextlib.closing(sqlite3.connect(kept.url.removeprefix("sqlite:///"))) as db:
            db.execute(f"ALTER TABLE journal {statement}")
            db.execute("PRAGMA user_version = 1")
            db.commit()
    said = kept("audit", "verify")
    assert said.code == BLOCKED and "not chained yet; `trueup run` does that" in said.err
    log = []
    for _ in range(2):
        line = [sys.executable, "-m", "controller", "run", "--once", "--store", kept.url, "--log", "json"]
        done = subprocess.run([*line, "--repo", str(tmp_path)], capture_output=True, text=True, check=False)
        log += [json.loads(one) for one in done.stderr.splitlines() if "journal" in one]
    began = ("the journal begins again after its head", number, head)
    assert [(one["event"], one.get("rows", one.get("number")), one.get("head")) for one in log] == [
        ("the journal of an older version was chained", number, None),
        began,
        began,
    ]
    assert kept("audit", "verify", "--head", head).code == DONE


# ---- export


def test_an_export_is_one_object_a_line_with_its_chain_and_the_head_at_the_end(kept, tmp_path):
    path = exported(kept, tmp_path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    *rows, end = [json.loads(line) for line in path.read_text().splitlines()]
    assert [(row["number"], row["chain"]) for row in rows] == kept.rows
    entries = kept.store.journal(limit=10_000)
    assert [row["row"]["value"]["text"] for row in rows] == [entry.text for entry in entries]
    number, head = kept.rows[-1]
    assert {key: end[key] for key in ("head", "number", "after")} == {"head": head, "number": number, "after": 0}
    assert path.read_text().isascii() and "\x1b" not in path.read_text()


def test_an_export_is_verified_without_the_store(kept, tmp_path):
    path = exported(kept, tmp_path)
    kept.store.close()
    Path(kept.url.removeprefix("sqlite:///")).unlink()
    said = kept("audit", "verify", "--file", str(path), store=False)
    number, head = kept.rows[-1]
    assert said.code == DONE, said.err
    assert said.out == f"{path}: {number} rows (1 to {number}), and each fits\nhead {head} at row {number}\n"


def test_what_came_since_is_exported_and_follows_what_was_exported_before(kept, tmp_path):
    number, head = kept.rows[-1]
    nothing = exported(kept, tmp_path, "--after", str(number))
    kept("pause", "prod", "--reason", "more")
    since = exported(kept, tmp_path, "--after", str(number))
    assert [json.loads(line).get("number") for line in since.read_text().splitlines()] == [number + 1] * 2
    for path, said in ((nothing, f"no rows after row {number}"), (since, f"1 row ({number + 1} to {number + 1})")):
        done = kept("audit", "verify", "--file", str(path), "--head", head, store=False)
        assert done.code == DONE and f"{path}: {said}, and each fits" in done.out
    other = kept.rows[0][1]
    assert kept("audit", "verify", "--file", str(since), "--head", other, store=False).code == NEGATIVE


def swapped(lines):
    lines[2], lines[3] = lines[3], lines[2]
    return lines


@pytest.mark.parametrize(
    ("change", "why"),
    [
        (lambda lines: lines[:-1], "it ends without a head: lines were cut off at the end"),
        (lambda lines: [*lines[:-2], lines[-1]], "and that is not its last row"),
        (lambda lines: lines[1:], "it should begin after row 0, and begins after row 1"),
        (lambda lines: [*lines[:2], *lines[3:]], "row 3 was expected after row 2, and row 4 came"),
        (lambda lines: [*lines[:3], *lines[2:]], "row 4 was expected after row 3, and row 3 came"),
        (swapped, "row 3 was expected after row 2, and row 4 came"),
        (lambda lines: [*lines[:1], lines[1].replace("api", "web", 1), *lines[2:]], "row 2 was changed"),
        (lambda lines: [*lines[:1], lines[1].replace('"row"', '"row" '), *lines[2:]], "row 2 was changed"),
        (lambda lines: [*lines, "\n"], "comes after the head, which ends an export"),
        (lambda lines: [*lines, lines[0]], "comes after the head, which ends an export"),
        (lambda lines: ["{}\n", *lines], "line 1 is neither a row nor a head: '{}'"),
        (lambda lines: [*lines[:2], "\n", *lines[2:]], "line 3 is neither a row nor a head: ''"),
        (lambda _: [], "it ends without a head"),
        (lambda lines: lines[-1:], "it should begin after row 0, and begins after row"),
    ],
)
def test_an_export_that_was_edited_does_not_fit(kept, tmp_path, change, why):
    path = edited(exported(kept, tmp_path), change)
    said = kept("audit", "verify", "--file", str(path), store=False)
    assert said.code == NEGATIVE and "DOES NOT FIT: " in said.out and why in said.out, said.out


def test_the_standard_output_is_for_lines_alone(kept, tmp_path):
    said = kept("audit", "export", "-")
    assert said.code == DONE
    path = tmp_path / "piped.jsonl"
    path.write_text(said.out)
    assert kept("audit", "verify", "--file", str(path), store=False).code == DONE
    number, head = kept.rows[-1]
    assert said.err == f"-: {number} rows (1 to {number}) written\nhead {head} at row {number}\n"


def test_nothing_that_is_there_is_overwritten(kept, tmp_path):
    path = tmp_path / "there.jsonl"
    path.write_text("mine")
    said = kept("audit", "export", str(path))
    assert said.code == BLOCKED and "is there already, and is not overwritten" in said.err
    assert path.read_text() == "mine"


def test_a_journal_that_does_not_fit_is_not_exported(kept, tmp_path):
    tampered(kept, "UPDATE journal SET body = replace(body, 'prod', 'dorp') WHERE number = 3")
    said = kept("audit", "export", str(tmp_path / "bad.jsonl"))
    assert said.code == NEGATIVE and "row 3 was changed" in said.err
    assert not (tmp_path / "bad.jsonl").exists()
    assert kept("audit", "export", str(tmp_path / "rest.jsonl"), "--after", "3").code == DONE


@pytest.mark.parametrize(
    ("args", "message"),
    [
        (("x.jsonl", "--after", "9999"), "the journal has no row 9999"),
        (("nowhere/x.jsonl",), "nowhere/x.jsonl cannot be made: No such file or directory"),
        (("s3://audit",), "'s3://audit' names no object of S3; say s3://bucket/key"),
        (("s3://audit/",), "names no object of S3"),
        (("s3://Audit/x",), "names no object of S3"),
    ],
)
def test_what_cannot_be_exported_is_said_in_one_sentence(kept, monkeypatch, tmp_path, args, message):
    monkeypatch.chdir(tmp_path)
    said = kept("audit", "export", *args)
    assert said.code == WRONG and message in said.err
    assert not (tmp_path / "x.jsonl").exists()


# ---- S3


def test_an_export_to_s3_is_what_a_file_would_be(kept, aws, tmp_path):
    said = kept("audit", "export", f"{BUCKET}/trueup/first.jsonl", "-o", "json")
    assert said.code == DONE, said.err
    (told,) = json.loads(said.out)["items"]
    assert (told["number"], told["head"]) == kept.rows[-1]
    path = tmp_path / "got.jsonl"
    path.write_bytes(aws.get_object(Bucket="audit", Key="trueup/first.jsonl")["Body"].read())
    assert kept("audit", "verify", "--file", str(path), "--head", told["head"], store=False).code == DONE


def test_an_object_that_is_there_is_not_overwritten(kept, aws):
    aws.put_object(Bucket="audit", Key="there", Body=b"theirs")
    said = kept("audit", "export", f"{BUCKET}/there")
    assert said.code == BLOCKED
    assert said.err == f"trueup: {BUCKET}/there is there already, and is not overwritten; name another key\n"
    assert aws.get_object(Bucket="audit", Key="there")["Body"].read() == b"theirs"


def test_a_journal_that_does_not_fit_is_not_put(kept, aws):
    tampered(kept, "DELETE FROM journal WHERE number = 2")
    assert kept("audit", "export", f"{BUCKET}/bad").code == NEGATIVE
    assert "bad" not in [one["Key"] for one in aws.list_objects_v2(Bucket="audit").get("Contents", [])]


def test_a_bucket_that_is_not_there_is_named(kept, aws):
    del aws
    said = kept("audit", "export", "s3://nobodys-bucket/x")
    assert said.code == WRONG and "s3://nobodys-bucket/x: there is no such bucket" in said.err


def test_s3_that_does_not_answer_is_said_to_be_away(kept, monkeypatch):
    for name, value in (("ACCESS_KEY_ID", "A"), ("SECRET_ACCESS_KEY", "b"), ("DEFAULT_REGION", REGION)):
        monkeypatch.setenv(f"AWS_{name}", value)
    said = kept("audit", "export", f"{BUCKET}/x", "--endpoint-url", "http://127.0.0.1:9")
    assert said.code == UNREACHABLE and f"{BUCKET}/x could not be written" in said.err


def test_without_credentials_nothing_is_put(kept, monkeypatch, aws):
    del aws
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name)
    said = kept("audit", "export", f"{BUCKET}/x")
    assert said.code == UNREACHABLE and said.err.startswith("trueup: ") and said.err.count("\n") == 1


def test_the_head_of_a_journal_is_that_of_its_last_row_and_of_nothing_before_the_first(shop):
    assert head_of(shop.store) == START
    shop.release("1")
    for _ in range(3):
        shop("pause", "prod", "--reason", "again")
        *_, last = shop.store.links()
        assert head_of(shop.store) == ChainHead(number=last.number, chain=last.chain)

"""The databases and buckets that tests of several nodes share; `make services` starts them."""

from __future__ import annotations

import os
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest

ENV_FILE = Path(__file__).resolve().parents[2] / "out" / "services" / "env"


def _services() -> dict[str, str]:
    """What `make services` wrote, overridden by the environment."""
    told: dict[str, str] = {}
    if ENV_FILE.exists():
        lines = ENV_FILE.read_text().splitlines()
        told = dict(line.split("=", 1) for line in lines if "=" in line)
    return told | {key: value for key, value in os.environ.items() if key.startswith("CHIASM_TEST_")}


@pytest.fixture
def postgres_url() -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, dropped afterwards; skips where there is no server."""
    base = _services().get("CHIASM_TEST_POSTGRES")
    if not base:
        pytest.skip("no PostgreSQL for tests (make services)")
    psycopg = pytest.importorskip("psycopg")
    name = f"chiasm_{uuid.uuid4().hex}"
    try:
        admin = psycopg.connect(base, autocommit=True, connect_timeout=5)
    except psycopg.OperationalError as error:
        pytest.skip(f"PostgreSQL for tests does not answer: {error}")
    with admin:
        admin.execute(f'CREATE DATABASE "{name}"')
        try:
            yield f"{base.rpartition('/')[0]}/{name}"
        finally:
            admin.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def bucket() -> dict[str, str]:
    """An S3-compatible bucket and a prefix of its own in it: url, endpoint, key, secret, region; or skips."""
    told = _services()
    if "CHIASM_TEST_S3" not in told:
        pytest.skip("no S3-compatible server for tests (make services)")
    return {
        "url": f"s3://{told['CHIASM_TEST_S3_BUCKET']}/{uuid.uuid4().hex}",
        "endpoint": told["CHIASM_TEST_S3"],
        "key": told["CHIASM_TEST_S3_KEY"],
        "secret": told["CHIASM_TEST_S3_SECRET"],
        "region": told["CHIASM_TEST_S3_REGION"],
    }

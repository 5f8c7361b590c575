"""Settings: what a file may say, and that nothing misspelled is silently ignored."""

import tomllib
from dataclasses import fields, replace
from pathlib import Path

import pytest

from chiasm.app.settings import Address, NodeSettings, load
from chiasm.errors import UsageError


def test_no_file_means_the_defaults_of_the_architecture(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    settings = load()
    assert settings == NodeSettings()
    assert (str(settings.dimse), str(settings.http), settings.ae_title) == (
        "127.0.0.1:11112",
        "127.0.0.1:8080",
        "CHIASM",
    )


def test_a_file_in_the_working_folder_is_found(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("chiasm.toml").write_text('[node]\nae_title = "RADIOLOGY"\n')
    assert load().ae_title == "RADIOLOGY"


def test_every_table_of_a_file(tmp_path):
    path = tmp_path / "site.toml"
    path.write_text(
        """
[node]
data = "/srv/images"
dimse = "0.0.0.0:104"
http = "[::1]:8443"
database = "postgresql://chiasm@db/chiasm"
objects = "s3://images"
workers = 4
duplicates = "refuse"
storage_classes = ["1.2.840.99999.1"]

[tls]
certificate = "node.pem"
key = "node.key"

[object_options]
region = "eu-central-1"

[[destination]]
name = "PACS"
ae = "PACS"

[[route]]
name = "all"
"""
    )
    settings = load(path)
    assert settings.data == Path("/srv/images")
    assert settings.dimse == Address("0.0.0.0", 104)
    assert settings.http == Address("::1", 8443)
    assert str(settings.http) == "[::1]:8443"
    assert settings.storage_classes == ("1.2.840.99999.1",)
    assert settings.tls is not None
    assert settings.tls.authorities is None
    assert settings.object_options == (("region", "eu-central-1"),)
    assert [one["name"] for one in (*settings.destinations, *settings.routes)] == ["PACS", "all"]


@pytest.mark.parametrize(
    ("text", "place"),
    [
        ("[nodes]\n", "nodes"),
        ('[node]\nae_titel = "X"\n', "node.ae_titel"),
        ("[node]\nworkers = true\n", "node.workers"),
        ('[node]\nworkers = "2"\n', "node.workers"),
        ("[node]\nstorage_classes = [1]\n", "node.storage_classes"),
        ('[tls]\ncertificate = "a"\n', "tls"),
        ("[destination]\n", "destination"),
        ("node = 1\n", "node"),
    ],
)
def test_what_cannot_be_names_the_file_and_the_place(tmp_path, text, place):
    path = tmp_path / "chiasm.toml"
    path.write_text(text)
    with pytest.raises(UsageError) as caught:
        load(path)
    assert caught.value.source == str(path)
    assert caught.value.place == place


@pytest.mark.parametrize("content", [b"[node", b"\xff\xfe", b"a = "])
def test_a_file_that_is_no_toml_is_told(tmp_path, content):
    path = tmp_path / "chiasm.toml"
    path.write_bytes(content)
    with pytest.raises(UsageError, match="no TOML"):
        load(path)


def test_a_file_that_is_not_there_is_told(tmp_path):
    with pytest.raises(UsageError, match="cannot read"):
        load(tmp_path / "absent.toml")


@pytest.mark.parametrize("text", ["", "host", "host:", "host:x", ":65536", "1.2.3.4:-1"])
def test_what_is_no_address_is_refused(text):
    with pytest.raises(UsageError):
        Address.parse(text)


@pytest.mark.parametrize(
    ("text", "address"),
    [("8080", Address("127.0.0.1", 8080)), (":0", Address("127.0.0.1", 0)), ("[::]:1", Address("::", 1))],
)
def test_short_addresses(text, address):
    assert Address.parse(text) == address


def test_options_override_what_was_given():
    settings = NodeSettings().with_options(workers=3, ae_title=None)
    assert (settings.workers, settings.ae_title) == (3, "CHIASM")


@pytest.mark.parametrize("name", ["configuration.md", "configuration.zh-CN.md"])
def test_the_documented_file_is_one_that_a_node_takes_and_leaves_out_no_key(tmp_path, name):
    text = (Path(__file__).parents[2] / "docs" / name).read_text("utf-8")
    example = text.split("```toml\n")[1].split("```")[0]
    path = tmp_path / "chiasm.toml"
    path.write_text(example, "utf-8")
    told, documented = load(path), tomllib.loads(example)
    tables = {"tls", "object_options", "destinations", "routes", "source"}
    assert documented["node"].keys() == {one.name for one in fields(NodeSettings)} - tables
    assert documented.keys() == {"node", "tls", "object_options", "destination", "route"}
    plain = replace(told, tls=None, object_options=(), destinations=(), routes=(), source="", viewer=None)
    assert plain == NodeSettings(), "what is shown is not the default"

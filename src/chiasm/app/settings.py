"""What the node is told: chiasm.toml, overridden by the options of `chiasm up`; no file is needed."""

from __future__ import annotations

import tomllib
from collections.abc import Callable
from dataclasses import dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..errors import UsageError

DEFAULT_FILE = Path("chiasm.toml")
_RULE = "docs/configuration.md"


@dataclass(frozen=True, slots=True)
class Address:
    """A host and a port, written HOST:PORT; port 0 takes any that is free."""

    host: str
    port: int

    @classmethod
    def parse(cls, text: str) -> Address:
        """The address of `HOST:PORT`, `:PORT` or `PORT`; `[::1]:PORT` for IPv6. Raises UsageError."""
        host, _, port = text.rpartition(":")
        if not port.isdecimal() or int(port) > 65535:
            raise UsageError(f"{text!r} is no address", hint="write HOST:PORT, as 0.0.0.0:11112")
        return cls(host.strip("[]") or "127.0.0.1", int(port))

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


@dataclass(frozen=True, slots=True)
class Tls:
    """Files of a certificate and key in PEM; `authorities` makes partners show a certificate of theirs."""

    certificate: Path
    key: Path
    authorities: Path | None = None


@dataclass(frozen=True, slots=True)
class NodeSettings:
    """All that a node can be told; each field is a key of `[node]` in chiasm.toml.

    `database` and `objects` empty mean SQLite and plain files below `data`. `duplicates` is `version` or
    `refuse`: what becomes of an object that differs from the one held under its UID. `viewer` is where OHIF
    is served once it is installed; None is the port behind that of `http`.
    """

    data: Path = Path("chiasm-data")
    ae_title: str = "CHIASM"
    dimse: Address = Address("127.0.0.1", 11112)
    http: Address = Address("127.0.0.1", 8080)
    viewer: Address | None = None
    database: str = ""
    objects: str = ""
    workers: int = 1
    duplicates: str = "version"
    storage_classes: tuple[str, ...] = ()
    maximum_associations: int = 1024
    cors_origins: tuple[str, ...] = ()
    base_url: str = ""
    tls: Tls | None = None
    object_options: tuple[tuple[str, str], ...] = ()
    destinations: tuple[dict[str, Any], ...] = ()
    routes: tuple[dict[str, Any], ...] = ()
    source: str = ""

    @property
    def viewer_address(self) -> Address:
        """Where OHIF is served."""
        port = self.http.port + 1 if 0 < self.http.port < 65535 else 0
        return self.viewer or replace(self.http, port=port)

    def with_options(self, **options: Any) -> NodeSettings:
        """The same with those options that were given, which are not None."""
        return replace(self, **{name: value for name, value in options.items() if value is not None})


def load(path: Path | None = None) -> NodeSettings:
    """The settings of a file; without one those of ./chiasm.toml where it exists, else the defaults.

    UsageError names the file and the key that cannot be: an unknown one too, so that a misspelled key is
    never silently ignored.
    """
    if path is None:
        if not DEFAULT_FILE.exists():
            return NodeSettings()
        path = DEFAULT_FILE
    try:
        document = tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise UsageError(f"cannot read it: {error.strerror}", source=str(path)) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise UsageError(f"it is no TOML: {error}", source=str(path)) from None
    return _settings(document, str(path))


_READERS: dict[str, Callable[[Any], Any]] = {
    "data": Path,
    "dimse": Address.parse,
    "http": Address.parse,
    "viewer": Address.parse,
    "storage_classes": tuple,
    "cors_origins": tuple,
}
_TABLES = frozenset({"tls", "object_options", "destinations", "routes", "source"})
_NAMES = {field.name for field in fields(NodeSettings)} - _TABLES


def _settings(document: dict[str, Any], source: str) -> NodeSettings:
    unknown = document.keys() - {"node", "tls", "object_options", "destination", "route"}
    if unknown:
        _refuse(source, sorted(unknown)[0], "there is no such table")
    given: dict[str, Any] = {"source": source}
    for key, value in _table(document, "node", source).items():
        if key not in _NAMES:
            _refuse(source, f"node.{key}", "there is no such key")
        given[key] = _value(key, value, source)
    if "tls" in document:
        given["tls"] = _tls(_table(document, "tls", source), source)
    options = _table(document, "object_options", source)
    given["object_options"] = tuple((key, str(value)) for key, value in options.items())
    given["destinations"] = _tables(document, "destination", source)
    given["routes"] = _tables(document, "route", source)
    return NodeSettings(**given)


def _value(key: str, value: Any, source: str) -> Any:
    default = getattr(NodeSettings(), key)
    wanted = list if isinstance(default, tuple) else type(default)
    if key in {"data", "dimse", "http", "viewer"}:
        wanted = str
    if not isinstance(value, wanted) or isinstance(value, bool):
        _refuse(source, f"node.{key}", f"it must be of type {wanted.__name__}")
    if isinstance(value, list) and not all(isinstance(one, str) for one in value):
        _refuse(source, f"node.{key}", "it must be a list of strings")
    return _READERS[key](value) if key in _READERS else value


def _tls(table: dict[str, Any], source: str) -> Tls:
    unknown = table.keys() - {"certificate", "key", "authorities"}
    if unknown or not {"certificate", "key"} <= table.keys():
        _refuse(source, "tls", "it has certificate, key and, for mutual TLS, authorities")
    authorities = table.get("authorities")
    return Tls(Path(table["certificate"]), Path(table["key"]), Path(authorities) if authorities else None)


def _table(document: dict[str, Any], name: str, source: str) -> dict[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        _refuse(source, name, f"it is a table, written [{name}]")
    return dict(found)


def _tables(document: dict[str, Any], name: str, source: str) -> tuple[dict[str, Any], ...]:
    found = document.get(name, [])
    if not isinstance(found, list) or not all(isinstance(one, dict) for one in found):
        _refuse(source, name, f"it is a list of tables, each written [[{name}]]")
    return tuple(found)


def _refuse(source: str, place: str, message: str) -> None:
    raise UsageError(message, source=source, place=place, hint=f"see {_RULE}")

"""The command line: conversion, checks and generation; the node, its clients and its upkeep.

Exit status: 0 done, 1 findings or partial, 2 unusable input or arguments.
"""

from __future__ import annotations

import io
import os
import sys
from pathlib import Path
from typing import Annotated, NoReturn

import typer

import chiasm
from chiasm.errors import ChiasmError

app = typer.Typer(
    name="chiasm",
    help="Reads, writes, checks and translates DICOM, HL7 and FHIR, and never loses anything silently.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)

Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Config = Annotated[Path | None, typer.Option(help="The settings; ./chiasm.toml where it is there.")]
Data = Annotated[Path | None, typer.Option(help="The folder of everything that is kept.")]
Sources = Annotated[
    list[str], typer.Argument(help="Files, folders, patterns, zip archives, or - for standard input.")
]


def run() -> NoReturn:
    """Run the command line; what goes wrong is one line on standard error, never a traceback.

    With CHIASM_DEBUG set in the environment a fault of Chiasm's own shows where it happened.
    """
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="backslashreplace")  # names of files need not be text
    try:
        app(standalone_mode=True)
    except ChiasmError as error:
        _stop(str(error))
    except OSError as error:
        _stop(f"{error.filename or 'the system'}: {error.strerror or error}")
    except Exception as error:
        if os.environ.get("CHIASM_DEBUG"):
            raise
        _stop(f"a fault of Chiasm's own, please report it: {type(error).__name__}: {error}")
    raise SystemExit(0)


def _stop(message: str) -> NoReturn:
    from .terminal import printable

    sys.stderr.write(f"chiasm: {printable(message)}\n")
    raise SystemExit(2) from None


def _version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"chiasm {chiasm.__version__}")
        raise typer.Exit


@app.callback()
def main(
    version: Annotated[
        bool, typer.Option("--version", "-V", callback=_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Reads, writes, checks and translates DICOM, HL7 and FHIR, and never loses anything silently."""


@app.command()
def convert(
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="SRC… DST: files, folders, patterns, archives or -; then where to."),
    ] = None,
    to: Annotated[
        str, typer.Option(help="What to make: oru, omi, orm, omg, adt, mdm, fhir, worklist, sr, …")
    ] = "",
    ledger: Annotated[
        str, typer.Option(help="Write the ledger here; for a folder, `yes` puts one by each output.")
    ] = "",
    carry: Annotated[
        str, typer.Option(help="rows: what the crosswalk has a place for; all: every element.")
    ] = "rows",
    crosswalk: Annotated[str, typer.Option(help="A site's own rows, as CSV.")] = "",
    onto: Annotated[str, typer.Option(help="The stored object that a patient update is applied to.")] = "",
    study: Annotated[
        bool, typer.Option(help="One message for each study instead of one for each file.")
    ] = False,
    again: Annotated[
        bool, typer.Option("--again", help="Do everything anew, also what an earlier run has done.")
    ] = False,
    explain: Annotated[bool, typer.Option(help="Print the crosswalk instead of converting.")] = False,
    json: Json = False,
) -> None:
    """Convert files into another standard, with a ledger that accounts for every element."""
    from .command_convert import convert_command, explain_command
    from .request import Manner, Request

    if explain:
        raise typer.Exit(explain_command(crosswalk, to, as_json=json))
    if not sources or len(sources) < 2:
        raise typer.BadParameter("name at least one source and a destination")
    manner = Manner(to, carry, crosswalk, onto)
    request = Request(tuple(sources[:-1]), sources[-1], manner, ledger, study, again, json)
    raise typer.Exit(convert_command(request))


@app.command()
def inspect(
    sources: Sources,
    json: Json = False,
    width: Annotated[int, typer.Option(help="Characters of a value to show; 0 for all.")] = 64,
) -> None:
    """Show a file of any standard as a tree that one can read."""
    from .command_inspect import inspect_command

    raise typer.Exit(inspect_command(sources, as_json=json, width=width))


@app.command()
def validate(
    sources: Sources,
    profile: Annotated[
        str, typer.Option(help="A profile (JSON) that tightens the rules for v2 messages.")
    ] = "",
    json: Json = False,
) -> None:
    """Check files against their standard: what is broken, where, and by which rule."""
    from .command_validate import validate_command

    raise typer.Exit(validate_command(sources, profile, as_json=json))


@app.command()
def generate(
    kind: Annotated[str, typer.Argument(help="sc, pdf, cda, stl, sr, measurements, ko, worklist or mpps.")],
    sources: Annotated[
        list[str], typer.Argument(help="SRC… DST: what it is made of, then where to; - for nothing.")
    ],
    about: Annotated[
        str, typer.Option(help="Patient, order, equipment: JSON of DICOM keywords, or an HL7 order.")
    ] = "",
    report: Annotated[str, typer.Option(help="For sr: basic, enhanced or comprehensive.")] = "basic",
    title: Annotated[
        str, typer.Option(help="The document's title, or what a selection says of itself.")
    ] = "",
) -> None:
    """Make new DICOM objects: Secondary Captures, documents, reports, selections, worklist items."""
    from .command_generate import Request, generate_command

    *origins, destination = sources
    raise typer.Exit(generate_command(Request(kind, tuple(origins), destination, about, report, title)))


@app.command()
def up(
    config: Annotated[
        Path | None, typer.Option(help="The settings; ./chiasm.toml where it is there.")
    ] = None,
    data: Annotated[Path | None, typer.Option(help="The folder of everything that is kept.")] = None,
    dimse: Annotated[str | None, typer.Option(help="HOST:PORT of DICOM; 127.0.0.1:11112.")] = None,
    http: Annotated[str | None, typer.Option(help="HOST:PORT of DICOMweb; 127.0.0.1:8080.")] = None,
    database: Annotated[str | None, typer.Option(help="postgresql://USER@HOST/NAME; else SQLite.")] = None,
    objects: Annotated[str | None, typer.Option(help="s3://BUCKET; else files below --data.")] = None,
    workers: Annotated[int | None, typer.Option(help="Processes that share the ports.")] = None,
    samples: Annotated[bool, typer.Option("--samples", help="Load sample studies first.")] = False,
) -> None:
    """Start the node: an archive that speaks DICOM and DICOMweb. Ctrl-C stops it."""
    from .command_up import addressed, up_command

    options: dict[str, object] = {"data": data, "database": database, "objects": objects, "workers": workers}
    options |= {"dimse": addressed(dimse), "http": addressed(http)}
    raise typer.Exit(up_command(config, options, samples=samples))


@app.command("import")
def take(
    sources: Sources,
    data: Data = None,
    config: Config = None,
    everything: Annotated[
        bool, typer.Option("--all", help="Of a medium also what its DICOMDIR does not name.")
    ] = False,
    json: Json = False,
) -> None:
    """Take files, folders, media and zip archives into the archive; what cannot be taken is listed."""
    from .command_import import import_command

    raise typer.Exit(import_command(sources, config=config, data=data, as_json=json, everything=everything))


@app.command()
def export(
    out: Annotated[Path, typer.Option(help="A new or empty folder, or a new zip archive.")],
    sources: Annotated[
        list[str] | None,
        typer.Argument(help="DICOM files, folders, zip archives; nothing means the archive."),
    ] = None,
    study: Annotated[list[str] | None, typer.Option(help="Its UID; may be given several times.")] = None,
    form: Annotated[
        str, typer.Option("--as", help="folder, zip, or media: with a DICOMDIR, for other systems.")
    ] = "",
    label: Annotated[str, typer.Option(help="The label of a medium: A to Z, 0 to 9, space, _.")] = "",
    icons: Annotated[
        bool, typer.Option("--icons", help="Small pictures in the DICOMDIR; each image is decoded for it.")
    ] = False,
    url: Annotated[
        str, typer.Option(help="A DICOMweb service that has the studies: http://host:8042/dicom-web.")
    ] = "",
    token: Annotated[
        str, typer.Option(envvar="CHIASM_TOKEN", show_envvar=True, help="What it wants to see as a bearer.")
    ] = "",
    header: Annotated[list[str] | None, typer.Option(help="A header for it, 'Name: value'.")] = None,
    ca: Annotated[Path | None, typer.Option(help="Whom to trust for it, in PEM.")] = None,
    cert: Annotated[Path | None, typer.Option(help="A certificate to show to it, in PEM.")] = None,
    key: Annotated[Path | None, typer.Option(help="The key of that certificate, in PEM.")] = None,
    timeout: Annotated[float, typer.Option(help="Seconds that it may be silent.")] = 60.0,
    data: Data = None,
    config: Config = None,
    json: Json = False,
) -> None:
    """Give studies of the archive or a DICOMweb service, or files, as a folder, zip archive or medium."""
    from .command_export import Wanted, export_command
    from .web_service import Remote

    wanted = Wanted(tuple(study or ()), out, form, label, icons)
    remote = Remote(url, token, header or (), ca, cert, key, timeout) if url else None
    status = export_command(sources or (), wanted, config=config, data=data, as_json=json, remote=remote)
    raise typer.Exit(status)


@app.command()
def echo(
    peer: Annotated[str, typer.Argument(help="AE@HOST:PORT.")],
    calling: Annotated[str, typer.Option(help="The AE title of this side.")] = "CHIASM",
    json: Json = False,
) -> None:
    """Ask a DICOM peer whether it answers (C-ECHO)."""
    from .command_echo import echo_command

    raise typer.Exit(echo_command(peer, calling, as_json=json))


@app.command()
def send(
    peer: Annotated[str, typer.Argument(help="AE@HOST:PORT.")],
    sources: Sources,
    calling: Annotated[str, typer.Option(help="The AE title of this side.")] = "CHIASM",
    associations: Annotated[int, typer.Option(min=1, max=32, help="So many at once.")] = 1,
    transcode: Annotated[bool, typer.Option(help="Send uncompressed what is refused as it is.")] = True,
    resume: Annotated[
        Path | None, typer.Option(help="Keep here what the peer confirmed; it is not sent again.")
    ] = None,
    commit: Annotated[
        bool, typer.Option("--commit", help="Ask for storage commitment afterwards, and wait for it.")
    ] = False,
    listen: Annotated[
        int, typer.Option(min=0, max=65535, help="A port for reports on an association of the peer's.")
    ] = 0,
    wait: Annotated[float, typer.Option(min=0, help="Seconds to wait for a report of commitment.")] = 60.0,
    json: Json = False,
) -> None:
    """Send files, folders and zip archives to a DICOM peer (C-STORE)."""
    from .command_send import Manner, send_command

    manner = Manner(calling, associations, transcode, resume, json, commit, listen, wait)
    raise typer.Exit(send_command(peer, sources, manner))


@app.command()
def query(
    peer: Annotated[str, typer.Argument(help="AE@HOST:PORT.")],
    key: Annotated[
        list[str] | None, typer.Option("--key", "-k", help="KEYWORD=VALUE to match, KEYWORD to be told of.")
    ] = None,
    level: Annotated[str, typer.Option(help="patient, study, series or instance.")] = "study",
    root: Annotated[str, typer.Option(help="study or patient.")] = "study",
    calling: Annotated[str, typer.Option(help="The AE title of this side.")] = "CHIASM",
    json: Json = False,
) -> None:
    """Ask a DICOM peer what it holds (C-FIND)."""
    from .command_query import Asked, query_command

    raise typer.Exit(query_command(peer, Asked(tuple(key or ()), level, root, calling), as_json=json))


@app.command()
def retrieve(
    peer: Annotated[str, typer.Argument(help="AE@HOST:PORT.")],
    study: Annotated[list[str], typer.Option(help="Study Instance UID; several times for several.")],
    series: Annotated[list[str] | None, typer.Option(help="Series of that study alone.")] = None,
    instance: Annotated[list[str] | None, typer.Option(help="Instances of that series alone.")] = None,
    out: Annotated[Path, typer.Option(help="Where the files go.")] = Path("retrieved"),
    move_to: Annotated[
        str, typer.Option(help="Have the peer send it to this AE title (C-MOVE) instead.")
    ] = "",
    calling: Annotated[str, typer.Option(help="The AE title of this side.")] = "CHIASM",
    associations: Annotated[int, typer.Option(min=1, max=32, help="So many at once.")] = 1,
    resume: Annotated[
        bool, typer.Option("--resume", help="Do not ask again for what lies there already.")
    ] = False,
    json: Json = False,
) -> None:
    """Bring studies from a DICOM peer into a folder (C-GET), or have it send them elsewhere (C-MOVE)."""
    from .command_retrieve import Wanted, retrieve_command

    parts = (tuple(study), tuple(series or ()), tuple(instance or ()))
    wanted = Wanted(*parts, out, move_to, calling, associations, resume, json)
    raise typer.Exit(retrieve_command(peer, wanted))


@app.command()
def verify(
    data: Data = None,
    config: Config = None,
    repair: Annotated[bool, typer.Option("--repair", help="Make the index anew from the rest.")] = False,
    quick: Annotated[bool, typer.Option("--quick", help="Look at sizes, not at every byte.")] = False,
    json: Json = False,
) -> None:
    """Check journal, objects and index of an archive against one another."""
    from .command_verify import verify_command

    raise typer.Exit(verify_command(data, config=config, repair=repair, quick=quick, as_json=json))


viewer = typer.Typer(help="A viewer beside the console's own.", no_args_is_help=True)
app.add_typer(viewer, name="viewer")


@viewer.command("install")
def viewer_install(
    data: Data = None,
    config: Config = None,
    version: Annotated[str, typer.Option(help="The version of @ohif/app.")] = "3.12.10",
) -> None:
    """Install OHIF from its npm package; the node serves it on a port of its own."""
    from .command_viewer import install_command

    raise typer.Exit(install_command(data, config, version))


@app.command()
def tour(
    out: Annotated[Path, typer.Option(help="Where to put what is made.")] = Path("out/tour"),
) -> None:
    """Show the main job on real files: DICOM to messages and back, checked and accounted for."""
    from .tour import tour_command

    raise typer.Exit(tour_command(out))

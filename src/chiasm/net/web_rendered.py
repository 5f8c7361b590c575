"""WADO-RS rendered resources and thumbnails: pictures for people. PS3.18 §10.4.1.1.3, §10.4.1.1.4, §8.3.5."""

from __future__ import annotations

import asyncio
import functools
from collections import Counter
from collections.abc import AsyncIterator, Sequence
from dataclasses import dataclass
from typing import Any

from ..errors import ServiceError, UsageError
from ..model.holdings import Location
from ..protocols.accept import MediaType, admits, refuses
from ..protocols.multipart import closing, content_type, new_boundary, part_head
from ..services.archive import Archive
from .web_conditions import decided, edition
from .web_document import DOCUMENTS, document
from .web_frames import frame_numbers
from .web_request import Answer, Request
from .web_retrieve import INSTANCE, LEVELS
from .web_scope import located
from .web_switch import Operation, Parameter

_FORMS = {"image/jpeg": "jpeg", "image/png": "png", "image/gif": "gif"}
_FUNCTIONS = {"linear": "LINEAR", "linear-exact": "LINEAR_EXACT", "sigmoid": "SIGMOID"}
_ANNOTATIONS = frozenset(("patient", "technique"))
_LARGEST = 16_384
_THUMBNAIL = 128
_TRIED = 3
_PARAMETERS = (
    Parameter("window", "center,width,function with linear, linear-exact or sigmoid"),
    Parameter("viewport", "width,height or width,height,x,y,width,height of the source"),
    Parameter("quality", "1 to 100, for JPEG", schema=(("type", "integer"),)),
    Parameter("annotation", "patient, technique or both in a comma list"),
)


@dataclass(frozen=True, slots=True)
class Look:
    """How a picture is wanted: the keyword arguments of `pixels.render.render`."""

    window: tuple[float, float, str] | None = None
    viewport: tuple[int, ...] | None = None
    quality: int = 90
    annotation: tuple[str, ...] = ()


def operations(archive: Archive) -> list[Operation]:
    """Rendered resources and thumbnails at all levels."""
    service = _Rendering(archive)
    found: list[Operation] = []
    for path, name in (*LEVELS, (INSTANCE + "/frames/{frames}", "list of frames")):
        found.append(
            Operation(
                "GET",
                f"{path}/rendered",
                service.rendered,
                f"pictures of a {name}",
                _PARAMETERS,
                "image/jpeg",
            )
        )
        found.append(
            Operation(
                "GET", f"{path}/thumbnail", service.thumbnail, f"a small picture of a {name}",
                _PARAMETERS[1:2], "image/jpeg",
            )
        )  # fmt: skip
    return found


def look(request: Request) -> Look:
    """What the parameters of a rendered resource ask. UsageError, naming the parameter. PS3.18 §8.3.5.1."""
    if request.parameter("iccprofile") not in {None, "no"}:
        hint = "leave iccprofile out, or say no"
        raise UsageError("color profiles are not applied to pictures", place="iccprofile", hint=hint)
    window = viewport = None
    text = request.parameter("window")
    if text:
        window = _window(text)
    text = request.parameter("viewport")
    if text:
        viewport = _viewport(text)
    quality = request.number("quality", 90, 100) or 1
    text = request.parameter("annotation")
    annotation = tuple(text.split(",")) if text else ()
    if not _ANNOTATIONS.issuperset(annotation):
        raise UsageError(f"'{text}' is neither patient nor technique", place="annotation")
    return Look(window, viewport, quality, annotation)


def _window(text: str) -> tuple[float, float, str]:
    parts = text.split(",")
    try:
        center, width = float(parts[0]), float(parts[1])
        function = _FUNCTIONS[parts[2].lower()] if len(parts) == 3 else "LINEAR"
    except (ValueError, IndexError, KeyError):
        raise UsageError(
            f"'{text[:60]}' is no window", place="window", rule="PS3.18 §8.3.5.1.4", hint="as 40,400,linear"
        ) from None
    if len(parts) > 3 or not (width > 0 and abs(center) < 1e9 and width < 1e9):
        raise UsageError(
            "a window has a center and a width above 0", place="window", rule="PS3.18 §8.3.5.1.4"
        )
    return center, width, function


def _viewport(text: str) -> tuple[int, ...]:
    try:
        numbers = tuple(int(float(part)) if part else 0 for part in text.split(","))
    except (ValueError, OverflowError):
        numbers = ()
    if len(numbers) not in {2, 4, 6} or not all(0 < one <= _LARGEST for one in numbers[:2]):
        hint = f"width,height, each 1 to {_LARGEST}, then x,y,width,height of the source"
        raise UsageError(
            f"'{text[:60]}' is no viewport", place="viewport", rule="PS3.18 §8.3.5.1.3", hint=hint
        )
    if any(abs(one) > 1_000_000 for one in numbers):
        raise UsageError("a viewport beyond all pictures", place="viewport")
    return numbers


def picture_form(accepted: Sequence[MediaType]) -> tuple[str, bool] | None:
    """The media type of pictures that is wanted most, and whether they may come in parts."""
    parts = any(
        one.quality > 0 and (one.is_multipart or one.kind in {"*/*", "multipart/*"}) for one in accepted
    )
    for one in accepted:
        if one.quality <= 0:
            continue
        kind = one.inner if one.is_multipart else "*/*" if one.kind == "multipart/*" else one.kind
        for media in _FORMS:
            if admits(kind, media) and not refuses(accepted, media):
                return media, parts
    return None


def likely(pictures: Sequence[tuple[Location, int | None]]) -> list[tuple[Location, int | None]]:
    """What may stand for all: the one in the middle, then the middle one of each other SOP class."""
    found = {pictures[len(pictures) // 2][0].sop_class: pictures[len(pictures) // 2]}
    by_class: dict[str, list[tuple[Location, int | None]]] = {}
    for one in pictures:
        by_class.setdefault(one[0].sop_class, []).append(one)
    for sop_class, alike in by_class.items():
        found.setdefault(sop_class, alike[len(alike) // 2])
    return list(found.values())


def _alone(request: Request, media: str, data: bytes) -> Answer:
    """One picture, in a part of its own where only parts are taken."""
    if not all(one.is_multipart for one in request.accepted if one.quality > 0):
        return Answer(200, media, data)
    boundary = new_boundary()
    body = b"".join((part_head(boundary, media), data, closing(boundary)))
    return Answer(200, content_type(media, boundary), body)


class _Rendering:
    """The rendered resources over an archive."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive

    async def rendered(self, request: Request) -> Answer:
        """A picture, or several in parts: one of each frame asked for, else of each instance."""
        form = picture_form(request.accepted)
        if "SOPInstanceUID" in request.arguments and "frames" not in request.arguments:
            location = (await located(self._archive, request))[0]
            if location.sop_class in DOCUMENTS:
                return await document(self._archive, request, location)
        if form is None:
            raise ServiceError(
                "unknown-syntax", "pictures are image/jpeg, image/png or image/gif", place="Accept"
            )
        media, parts = form
        wanted = look(request)
        locations = await located(self._archive, request)
        frames = frame_numbers(request.arguments["frames"]) if "frames" in request.arguments else None
        pictures: list[tuple[Location, int | None]] = [(one, None) for one in locations]
        if frames:
            pictures = [(locations[0], number - 1) for number in frames]
        now = await edition(self._archive, request, locations, f"{media} {wanted} {frames} {parts}")
        known = decided(request, now)
        if known is not None:
            return known
        if frames and len(frames) > 1:
            await self._check(locations[0], max(frames))
        if len(pictures) > 1 and not parts:
            pictures = likely(pictures)
        at, first = await self._first(pictures[:1] if frames else pictures, media, wanted)
        if len(pictures) == 1 or not parts:
            answer = _alone(request, media, first)
        else:
            boundary = new_boundary()
            body = self._parts(pictures[at:], first, media, wanted, boundary)
            answer = Answer(200, content_type(media, boundary), body)
        now.tell(answer)
        answer.add("cache-control", "private, max-age=60")
        return answer

    async def thumbnail(self, request: Request) -> Answer:
        """One small picture that stands for what the path names."""
        form = picture_form(request.accepted)
        if form is None:
            raise ServiceError("unknown-syntax", "thumbnails are image/jpeg or image/png", place="Accept")
        wanted = look(request)
        size = max(wanted.viewport[:2]) if wanted.viewport else _THUMBNAIL
        locations = await located(self._archive, request)
        frame = frame_numbers(request.arguments["frames"])[0] - 1 if "frames" in request.arguments else None
        pictures = likely([(one, frame) for one in locations])
        shown = [one for one, _ in pictures]
        now = await edition(self._archive, request, shown, f"{form[0]} {size} {frame}")
        known = decided(request, now)
        if known is not None:
            return known
        small = Look(viewport=(min(size, 1024), min(size, 1024)))
        answer = _alone(request, form[0], (await self._first(pictures, form[0], small))[1])
        now.tell(answer)
        answer.add("cache-control", "private, max-age=600")
        return answer

    async def _check(self, location: Location, last: int) -> None:
        """ServiceError `no-such-object` for a frame that is not there, before anything is sent."""
        from ..pixels.frames import open_frames

        package = await self._archive.whole(location)
        frames = await asyncio.get_running_loop().run_in_executor(None, open_frames, package)
        if last > frames.count:
            text = f"there is no frame {last}; the instance has {frames.count}"
            raise ServiceError("no-such-object", text, place="frames")

    async def _first(
        self, pictures: Sequence[tuple[Location, int | None]], media: str, wanted: Look
    ) -> tuple[int, bytes]:
        """The first that can be a picture and its place; ServiceError, that of the first, where none can.

        Of instances alike in SOP class and transfer syntax at most three are tried.
        """
        failure: ServiceError | None = None
        tried: Counter[tuple[str, str]] = Counter()
        for at, (location, frame) in enumerate(pictures):
            kind = location.sop_class, location.transfer_syntax
            if tried[kind] >= _TRIED:
                continue
            tried[kind] += 1
            try:
                return at, await self._picture(location, frame, media, wanted)
            except ServiceError as error:
                failure = failure or error
        raise failure or ServiceError("no-such-object", "there is nothing to show")

    async def _picture(self, location: Location, frame: int | None, media: str, wanted: Look) -> bytes:
        package = await self._archive.whole(location)
        work = functools.partial(picture, package, frame, media, wanted)
        return await asyncio.get_running_loop().run_in_executor(None, work)

    async def _parts(
        self,
        pictures: Sequence[tuple[Location, int | None]],
        first: bytes,
        media: str,
        wanted: Look,
        boundary: str,
    ) -> AsyncIterator[bytes]:
        head = part_head(boundary, media)
        yield head + first
        for location, frame in pictures[1:]:
            try:
                data = await self._picture(location, frame, media, wanted)
            except ServiceError:
                continue
            yield head + data
        yield closing(boundary)


def picture(package: Any, frame: int | None, media: str, wanted: Look) -> bytes:
    """One picture of a package; all frames as a moving one where a GIF of no certain frame is asked for."""
    from ..pixels.render import render

    return render(
        package,
        frame,
        window=wanted.window,
        viewport=wanted.viewport,
        quality=wanted.quality,
        annotation=wanted.annotation,
        form=_FORMS[media],
    )

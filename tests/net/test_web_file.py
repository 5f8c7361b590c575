"""Files in the transfer syntaxes that are taken: which can be given, and what a file then is."""

from __future__ import annotations

import asyncio
import io
from pathlib import Path

import numpy as np
import pydicom
import pytest

from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.net.web_file import as_stored, in_other_syntax, to_be_given
from chiasm.services.archive import Archive, Settings

JPEG_LS, RLE = "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.5"


def test_what_can_be_given_is_tried_and_is_a_file_that_pydicom_reads(
    tmp_path: Path, pydicom_data: Path
) -> None:
    image, report = (pydicom_data / "test_files" / name for name in ("MR_small_RLE.dcm", "reportsi.dcm"))

    async def run() -> bytes:
        archive = await Archive.open(Settings(tmp_path))
        try:
            for path in (image, report):
                await archive.receive_file(path.read_bytes(), Source("import"))
            studies = [str(pydicom.dcmread(path).StudyInstanceUID) for path in (image, report)]
            [compressed] = await archive.locations(studies=studies[:1])
            [text] = await archive.locations(studies=studies[1:])
            assert (as_stored(compressed, [RLE]), as_stored(compressed, [JPEG_LS])) == (True, False)
            assert as_stored(compressed, ["*"])
            assert await to_be_given(archive, [compressed, text], [JPEG_LS]) == [compressed]
            with pytest.raises(ServiceError, match="stored as"):
                await to_be_given(archive, [text], [JPEG_LS])
            syntax, chunks = await in_other_syntax(archive, compressed, [JPEG_LS])
            assert syntax == JPEG_LS
            return b"".join([chunk async for chunk in chunks])
        finally:
            await archive.close()

    given = pydicom.dcmread(io.BytesIO(asyncio.run(run())))
    assert given.file_meta.TransferSyntaxUID == JPEG_LS
    assert np.array_equal(given.pixel_array, pydicom.dcmread(image).pixel_array)

"""What a receiver is given; the expected samples are pydicom's."""

from __future__ import annotations

import asyncio
import io

import numpy as np
import pydicom
import pytest
from pydicom.pixels import pixel_array

from chiasm.errors import ServiceError
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings
from chiasm.services.reception import header_for
from chiasm.services.transcoding import in_syntax, possible

RLE, JPEG_LS, BASELINE = "1.2.840.10008.1.2.5", "1.2.840.10008.1.2.4.80", "1.2.840.10008.1.2.4.50"
PLAIN = ("1.2.840.10008.1.2", "1.2.840.10008.1.2.1.99", "1.2.840.10008.1.2.2")


async def given(folder, content, accepted):
    archive = await Archive.open(Settings(folder))
    try:
        outcome = await archive.receive_file(content, Source("import"))
        location = (await archive.locations(instances=[outcome.sop_instance]))[0]
        uid, pieces = await in_syntax(archive, location, accepted)
        body = b"".join([piece async for piece in pieces])
    finally:
        await archive.close()
    return uid, header_for(outcome.sop_class, outcome.sop_instance, uid, Source("import")) + body


@pytest.mark.parametrize("name", ["CT_small.dcm", "SC_rgb_rle_2frame.dcm"])
@pytest.mark.parametrize("accepted", [[uid] for uid in PLAIN] + [[JPEG_LS], [BASELINE, RLE], ["*"]])
def test_a_receiver_gets_the_same_samples_in_a_form_it_takes(pydicom_data, tmp_path, name, accepted):
    content = (pydicom_data / "test_files" / name).read_bytes()
    before = pydicom.dcmread(io.BytesIO(content))
    uid, file = asyncio.run(given(tmp_path, content, accepted))
    assert uid in accepted or (accepted == ["*"] and uid == before.file_meta.TransferSyntaxUID)
    after = pixel_array(pydicom.dcmread(io.BytesIO(file)), raw=True)
    assert np.array_equal(after, pixel_array(before, raw=True))


def test_nothing_is_made_lossy(pydicom_data, tmp_path):
    content = (pydicom_data / "test_files" / "CT_small.dcm").read_bytes()
    assert not possible(PLAIN[0], [BASELINE])
    with pytest.raises(ServiceError) as caught:
        asyncio.run(given(tmp_path, content, [BASELINE]))
    assert caught.value.failure.name == "unknown-syntax"

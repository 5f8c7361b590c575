"""dicomweb-client's whole interface against the node; what it gives is read by pydicom."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pydicom
import pytest
from dicomweb_client.api import DICOMwebClient

from tests.net.web_node import web_node

FILES = ("CT_small.dcm", "MR_small.dcm", "JPEG2000.dcm", "SC_rgb_jpeg_dcmtk.dcm", "SC_rgb_rle_2frame.dcm")


@pytest.fixture(scope="module")
def client(tmp_path_factory: pytest.TempPathFactory, pydicom_data: Path) -> Iterator[DICOMwebClient]:
    with web_node(tmp_path_factory.mktemp("node")) as node:
        found = DICOMwebClient(node.url)
        stored = found.store_instances(
            [pydicom.dcmread(pydicom_data / "test_files" / name) for name in FILES]
        )
        assert len(stored.ReferencedSOPSequence) == len(FILES)
        yield found
        found._session.close()


@pytest.fixture(scope="module")
def ct(pydicom_data: Path) -> pydicom.FileDataset:
    return pydicom.dcmread(pydicom_data / "test_files" / "CT_small.dcm")


def uids(data: pydicom.Dataset) -> tuple[str, str, str]:
    return data.StudyInstanceUID, data.SeriesInstanceUID, data.SOPInstanceUID


def test_search(client: DICOMwebClient, ct: pydicom.Dataset) -> None:
    study, series, instance = uids(ct)
    assert client.search_for_studies(search_filters={"PatientID": ct.PatientID}, fields=["StudyDescription"])
    assert len(client.search_for_studies(limit=1, offset=1)) == 1
    assert client.search_for_studies(search_filters={"PatientID": "nobody"}) == []
    assert client.search_for_studies(
        search_filters={"PatientName": "CompressedSamples^CT1"}, fuzzymatching=True
    )
    assert client.search_for_series(study)[0]["0020000E"]["Value"] == [series]
    assert client.search_for_series(search_filters={"Modality": "CT"})
    assert client.search_for_instances(study, series)[0]["00080018"]["Value"] == [instance]
    assert len(client.search_for_instances(get_remaining=True)) == len(FILES)


def test_retrieve(client: DICOMwebClient, ct: pydicom.Dataset) -> None:
    study, series, instance = uids(ct)
    for found in (
        client.retrieve_study(study),
        client.retrieve_series(study, series),
        [client.retrieve_instance(study, series, instance)],
        list(client.iter_study(study)),
        list(client.iter_series(study, series)),
    ):
        assert [one.PixelData for one in found] == [ct.PixelData]
    single = client.retrieve_instance(study, series, instance, media_types=(("application/dicom", "*"),))
    assert single.SOPInstanceUID == instance


def test_metadata_and_bulk_data(client: DICOMwebClient, ct: pydicom.Dataset) -> None:
    study, series, instance = uids(ct)
    found = client.retrieve_instance_metadata(study, series, instance)
    assert (
        pydicom.Dataset.from_json(found, bulk_data_uri_handler=lambda *_: b"").PatientName == ct.PatientName
    )
    assert client.retrieve_study_metadata(study) == client.retrieve_series_metadata(study, series) == [found]
    uri = found["7FE00010"]["BulkDataURI"]
    assert client.retrieve_bulkdata(uri) == [ct.PixelData]
    assert b"".join(client.iter_bulkdata(uri)) == ct.PixelData


def test_frames(client: DICOMwebClient, ct: pydicom.Dataset, pydicom_data: Path) -> None:
    assert client.retrieve_instance_frames(*uids(ct), [1]) == [ct.PixelData]
    assert list(client.iter_instance_frames(*uids(ct), [1])) == [ct.PixelData]
    two = pydicom.dcmread(pydicom_data / "test_files" / "SC_rgb_rle_2frame.dcm")
    kinds = (("application/octet-stream", "1.2.840.10008.1.2.1"),)
    frames = client.retrieve_instance_frames(*uids(two), [2, 1], media_types=kinds)
    assert frames == [two.pixel_array[1].tobytes(), two.pixel_array[0].tobytes()]
    jpeg2000 = pydicom.dcmread(pydicom_data / "test_files" / "JPEG2000.dcm")
    kinds = (("image/jp2", "1.2.840.10008.1.2.4.91"),)
    (frame,) = client.retrieve_instance_frames(*uids(jpeg2000), [1], media_types=kinds)
    assert frame[:4] == b"\xff\x4f\xff\x51"  # a JPEG 2000 codestream begins so


def test_rendered(client: DICOMwebClient, ct: pydicom.Dataset) -> None:
    png = client.retrieve_instance_rendered(
        *uids(ct), media_types=("image/png",), params={"window": "40,400,linear"}
    )
    assert png.startswith(b"\x89PNG")
    jpeg = client.retrieve_instance_frames_rendered(*uids(ct), [1], media_types=("image/jpeg",))
    assert jpeg.startswith(b"\xff\xd8")

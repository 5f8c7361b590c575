"""New Secondary Capture images, of one frame or many, from rasters. PS3.3 §A.8."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from ..errors import UsageError
from .dataset import DataSet
from .general import Description, new_object, put_request

SINGLE = "1.2.840.10008.5.1.4.1.1.7"
MULTI_BYTE = "1.2.840.10008.5.1.4.1.1.7.2"
MULTI_WORD = "1.2.840.10008.5.1.4.1.1.7.3"
MULTI_COLOR = "1.2.840.10008.5.1.4.1.1.7.4"


@dataclass(frozen=True, slots=True)
class Raster:
    """Frames of one size: rows × columns × samples of 8 or 16 bits, little endian, color by pixel.

    `lossy` is the ratio of a lossy compression that the pixels went through before, 0 for none.
    """

    rows: int
    columns: int
    samples: int
    bits: int
    frames: tuple[bytes, ...]
    lossy: float = 0.0

    def check(self) -> None:
        """Raises UsageError where sizes and bytes do not agree, or DICOM has no form for them."""
        if not (0 < self.rows <= 65_535 and 0 < self.columns <= 65_535):
            raise UsageError(f"{self.rows} × {self.columns} pixels are not an image", rule="PS3.3 §C.7.6.3.1")
        if self.samples not in (1, 3) or self.bits not in (8, 16) or (self.samples == 3 and self.bits == 16):
            raise UsageError(
                f"{self.samples} samples of {self.bits} bits have no Secondary Capture form",
                rule="PS3.3 §A.8",
                hint="make it gray of 8 or 16 bits, or RGB of 8",
            )
        size = self.rows * self.columns * self.samples * (self.bits // 8)
        if not self.frames or any(len(frame) != size for frame in self.frames):
            raise UsageError(f"a frame has not the {size} bytes of its rows and columns", rule="PS3.5 §8.2")


def secondary_capture(raster: Raster, description: Description, now: datetime | None = None) -> DataSet:
    """A Secondary Capture of one frame, or a multi-frame one of the kind that the pixels need."""
    raster.check()
    many = len(raster.frames) > 1
    sop_class = SINGLE
    if many:
        sop_class = MULTI_COLOR if raster.samples == 3 else MULTI_BYTE if raster.bits == 8 else MULTI_WORD
    data = new_object(description, sop_class, str(description.get("Modality", "OT")), now)
    put_request(data, description)
    if "Laterality" not in data and "BodyPartExamined" not in data:
        data["Laterality"] = None  # of type 2C, and not known as long as the body part is not: PS3.3 §C.7.3.1
    data["ConversionType"] = "WSD"
    data["ImageType"] = ("DERIVED", "SECONDARY")
    data["PatientOrientation"] = None
    data["BurnedInAnnotation"] = description.get("BurnedInAnnotation", "YES")
    _pixels(raster, data)
    if many:
        _frames(raster, data)
    if raster.lossy:
        data["LossyImageCompression"] = "01"
        data["LossyImageCompressionRatio"] = f"{raster.lossy:.4g}"
        data["LossyImageCompressionMethod"] = "ISO_10918_1"
    elif many:
        data["LossyImageCompression"] = "00"
    return data


def _pixels(raster: Raster, data: DataSet) -> None:
    data["SamplesPerPixel"] = raster.samples
    data["PhotometricInterpretation"] = "RGB" if raster.samples == 3 else "MONOCHROME2"
    if raster.samples == 3:
        data["PlanarConfiguration"] = 0
    data["Rows"] = raster.rows
    data["Columns"] = raster.columns
    data["BitsAllocated"] = raster.bits
    data["BitsStored"] = raster.bits
    data["HighBit"] = raster.bits - 1
    data["PixelRepresentation"] = 0
    joined = b"".join(raster.frames)
    data.set("PixelData", joined + b"\0" * (len(joined) & 1), "OW" if raster.bits == 16 else "OB")


def _frames(raster: Raster, data: DataSet) -> None:
    """PS3.3 §C.7.6.6, §C.8.6.3: how many frames there are and what tells them apart."""
    data["NumberOfFrames"] = str(len(raster.frames))
    data["FrameIncrementPointer"] = 0x00182002
    data["FrameLabelVector"] = tuple(str(number) for number in range(1, len(raster.frames) + 1))
    if raster.samples == 1:
        data["PresentationLUTShape"] = "IDENTITY"
        data["RescaleIntercept"] = "0"
        data["RescaleSlope"] = "1"
        data["RescaleType"] = "US"

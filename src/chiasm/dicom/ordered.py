"""A data set as plain ordered dictionaries, for code that knows nothing of DICOM."""

from __future__ import annotations

from collections import OrderedDict

from .dataset import DataSet
from .keys import text_of

Plain = OrderedDict[str, object]

_PIXELS = frozenset((0x7FE00001, 0x7FE00002, 0x7FE00003, 0x7FE00008, 0x7FE00009, 0x7FE00010))


def to_ordered_dict(data: DataSet) -> Plain:
    """Keyword, or tag where there is none, to decoded value, in the order of the data set.

    Several values are a list, a sequence is a list of such dictionaries, an empty value is None. Pixel
    data is not read: its value is its length in bytes. Other bytes are bytes.
    """
    top: Plain = OrderedDict()
    pending: list[tuple[DataSet, Plain]] = [(data, top)]
    for owner, plain in pending:
        for element in owner:
            key = element.keyword or text_of(element.tag)
            if element.tag in _PIXELS:
                plain[key] = element.length
                continue
            value = element.value
            if element.vr == "SQ":
                items: list[Plain] = []
                for item in element.items:
                    items.append(OrderedDict())
                    pending.append((item, items[-1]))
                plain[key] = items
            else:
                plain[key] = list(value) if isinstance(value, tuple) else value
    return top

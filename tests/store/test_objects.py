"""A store is chosen by its place."""

from chiasm.store.objects import open_objects
from chiasm.store.objects_local import LocalObjects


def test_a_folder_is_a_store_of_files(tmp_path):
    store = open_objects(tmp_path / "objects", tmp_path / "scratch")
    assert isinstance(store, LocalObjects)
    assert store.path("ab/cd.dcm") == tmp_path / "objects" / "ab" / "cd.dcm"
    store.close()
    assert isinstance(open_objects(str(tmp_path / "objects"), tmp_path), LocalObjects)

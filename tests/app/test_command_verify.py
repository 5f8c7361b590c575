"""`chiasm verify`: what it prints and how it ends."""

import asyncio
import json

from chiasm.app.command_verify import verify_command
from chiasm.model import Source
from chiasm.services.archive import Archive, Settings


def filled(folder, pydicom_data):
    async def run():
        archive = await Archive.open(Settings(folder))
        data = (pydicom_data / "test_files/CT_small.dcm").read_bytes()
        await archive.receive_file(data, Source("import"))
        await archive.settle()
        [key] = [key async for key, _ in archive.objects.listed()]
        await archive.close()
        return folder / "objects" / key

    return asyncio.run(run())


def test_an_archive_in_order(tmp_path, pydicom_data, capsys):
    filled(tmp_path, pydicom_data)
    assert verify_command(tmp_path, as_json=False) == 0
    assert "1 records, 1 objects checked" in capsys.readouterr().out


def test_a_changed_byte_is_found_and_told_to_machines_too(tmp_path, pydicom_data, capsys):
    path = filled(tmp_path, pydicom_data)
    content = bytearray(path.read_bytes())
    content[-10] ^= 1
    path.write_bytes(content)
    assert verify_command(tmp_path, as_json=True) == 1
    report = json.loads(capsys.readouterr().out)
    assert len(report["findings"]) == 1


def test_repair_makes_the_index_anew(tmp_path, pydicom_data, capsys):
    filled(tmp_path, pydicom_data)
    (tmp_path / "index.sqlite").write_bytes(b"no database")
    for path in tmp_path.glob("index.sqlite-*"):
        path.unlink()
    assert verify_command(tmp_path, repair=True, as_json=False) in {0, 1}
    capsys.readouterr()
    assert verify_command(tmp_path, as_json=False) == 0

"""A worker is told the settings in one line and reads them back whole."""

from pathlib import Path

from chiasm.app.settings import Address, NodeSettings, Tls
from chiasm.app.worker import read
from chiasm.app.workers import describe


def test_settings_cross_to_a_worker_whole():
    settings = NodeSettings(
        data=Path("/d"),
        ae_title="A",
        dimse=Address("::1", 1),
        http=Address("h", 2),
        database="postgresql://x",
        objects="s3://y",
        workers=2,
        duplicates="refuse",
        storage_classes=("1.2",),
        tls=Tls(Path("c"), Path("k"), Path("a")),
        object_options=(("region", "r"),),
        destinations=({"name": "P", "port": 1},),
        routes=({"name": "R"},),
        source="chiasm.toml",
    )
    assert read(describe(settings)) == settings
    assert read(describe(NodeSettings())) == NodeSettings()

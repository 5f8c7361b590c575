"""A study has series, a series instances and one device."""

from chiasm.model import Equipment, Instance, Series, Study


def test_a_series_has_its_equipment_and_instances():
    series = Series("1.2", instances=(Instance("1.2.1"), Instance("1.2.2")))
    assert series.equipment == Equipment()
    assert Study("1", series=(series,)).series[0].instances[1].uid == "1.2.2"
    assert Instance("1").frames == 0

"""Fragments have one form, and fold into the changelog without loss."""

import datetime

import pytest

from tools.house import changelog

DAY = datetime.date(2026, 1, 2)


def rules(tree):
    return [problem.rule for problem in changelog.check(tree)]


def test_a_fragment(plant):
    files = {"changelog.d/hl7-er7-codec.md": "Reads ER7.\n", "changelog.d/README.md": "# How\n\nSo\n"}
    assert rules(plant(files)) == []


@pytest.mark.parametrize("name", ["er7.md", "kitchen-er7.md", "hl7.md", "hl7-ER7.md", "hl7-er7.txt"])
def test_a_misnamed_fragment(plant, name):
    assert rules(plant({f"changelog.d/{name}": "Reads ER7.\n"})) == ["fragment-name"]


@pytest.mark.parametrize("text", ["", "One.\n\nTwo.", "x" * 700 + "."])
def test_a_fragment_of_the_wrong_size(plant, text):
    assert rules(plant({"changelog.d/hl7-a.md": text})) == ["fragment-size"]


@pytest.mark.parametrize("text", ["# Heading.", "- a list.", "no period"])
def test_a_fragment_of_the_wrong_form(plant, text):
    assert rules(plant({"changelog.d/hl7-a.md": text})) == ["fragment-form"]


def test_a_release_gathers_all_fragments(plant, tmp_path):
    plant(
        {
            "CHANGELOG.md": "# Changelog\n\n<!-- releases -->\n\n## 0.1.0\n",
            "changelog.d/README.md": "How\n",
            "changelog.d/hl7-a.md": "Reads\nER7.\n",
            "changelog.d/dicom-b.md": "Reads DICOM.\n",
        }
    )
    section = changelog.release(tmp_path, "0.2.0", DAY)
    assert section == "## 0.2.0 (2026-01-02)\n\n### dicom\n\n- Reads DICOM.\n\n### hl7\n\n- Reads ER7.\n"
    text = (tmp_path / "CHANGELOG.md").read_text()
    assert text.index("0.2.0") < text.index("0.1.0")
    assert [path.name for path in (tmp_path / "changelog.d").iterdir()] == ["README.md"]


def test_a_release_needs_its_mark(plant, tmp_path):
    plant({"CHANGELOG.md": "# Changelog\n", "changelog.d/hl7-a.md": "Reads.\n"})
    with pytest.raises(ValueError, match="releases"):
        changelog.release(tmp_path, "0.2.0", DAY)
    assert (tmp_path / "changelog.d/hl7-a.md").exists()

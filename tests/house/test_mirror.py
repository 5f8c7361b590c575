"""The mirror between modules and their tests has no hole on either side."""

import pytest

from tools.house import mirror


def found(tree):
    return [(problem.path, problem.rule) for problem in mirror.check(tree)]


def test_a_pair_is_whole(plant):
    files = {
        "src/chiasm/limits.py": "",
        "tests/test_limits.py": "",
        "src/chiasm/hl7/__init__.py": "",
        "src/chiasm/app/__main__.py": "",
        "src/chiasm/hl7/_path.py": "",
        "tests/hl7/test_path.py": "",
        "tests/hl7/conftest.py": "",
        "tools/house/run.py": "",
        "tests/house/test_run.py": "",
    }
    assert found(plant(files)) == []


def test_a_module_without_tests(plant):
    assert found(plant({"src/chiasm/hl7/parse.py": ""})) == [("src/chiasm/hl7/parse.py", "no-test")]


def test_a_test_file_in_another_folder_does_not_count(plant):
    files = {"src/chiasm/hl7/parse.py": "", "tests/fhir/test_parse.py": ""}
    assert found(plant(files)) == [
        ("src/chiasm/hl7/parse.py", "no-test"),
        ("tests/fhir/test_parse.py", "no-module"),
    ]


def test_a_check_of_the_house_has_tests_too(plant):
    assert found(plant({"tools/house/run.py": ""})) == [("tools/house/run.py", "no-test")]


@pytest.mark.parametrize("folder", sorted(mirror.ACROSS))
def test_tests_across_modules_have_their_own_folders(plant, folder):
    assert found(plant({f"tests/{folder}/test_anything.py": ""})) == []


def test_any_other_folder_is_refused(plant):
    assert found(plant({"tests/more/test_anything.py": ""})) == [("tests/more/test_anything.py", "no-module")]

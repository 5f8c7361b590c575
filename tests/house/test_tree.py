"""The tree sees the files of the project and not those of its environments."""

import subprocess

from tools.house.tree import Problem, Tree


def test_a_problem_prints_as_editors_read_it():
    assert str(Problem("src/a.py", 3, "file-lines", "too long")) == "src/a.py:3: file-lines: too long"


def test_sources_are_found_in_their_folders_alone(plant):
    tree = plant(
        {
            "src/chiasm/hl7/parse.py": "x = 1\n",
            "tools/house/run.py": "",
            "bench/out/old.py": "",
            "tools/tables/node_modules/a/b.py": "",
            "elsewhere/c.py": "",
            "tests/hl7/test_parse.py": "",
        }
    )
    assert [source.path for source in tree.sources] == ["src/chiasm/hl7/parse.py", "tools/house/run.py"]
    assert [source.path for source in tree.package] == ["src/chiasm/hl7/parse.py"]
    assert [source.path for source in tree.tests] == ["tests/hl7/test_parse.py"]


def test_ignored_files_are_not_kept(plant, tmp_path):
    tree = plant({".gitignore": "out/\n", "out/a.txt": "", "b.txt": ""})
    assert tree.kept == (".gitignore", "b.txt")
    subprocess.run(["git", "init", "-q", str(tmp_path)], check=True)
    assert Tree(tmp_path).kept == (".gitignore", "b.txt")


def test_without_version_control_every_file_is_kept(plant):
    assert plant({"a/b.txt": "", "c.txt": ""}).kept == ("a/b.txt", "c.txt")

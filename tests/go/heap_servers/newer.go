//go:build go1.24

package main

import (
	"runtime"
	"strings"
	"unique"
	"weak"
)

type session struct {
	in   chan int
	name unique.Handle[string]
}

var sessions = map[string]weak.Pointer[session]{}

// waitWeak: a table of sessions holds them weakly, and may still send.
func waitWeak() {
	s := &session{make(chan int), unique.Make(strings.Repeat("s", 9))}
	sessions["weak"] = weak.Make(s)
	for range s.in {
	}
	runtime.KeepAlive(s)
}

// leakWeak: the weak pointer is gone as well.
func leakWeak() {
	s := &session{make(chan int), unique.Make(strings.Repeat("w", 9))}
	weak.Make(s)
	for range s.in {
	}
	runtime.KeepAlive(s)
}

// waitCleanup: the cleanup of an object that lives.
func waitCleanup() {
	c := make(chan int)
	runtime.AddCleanup(holder, func(c chan int) { close(c) }, c)
	waitOn(c)
}

func plantNewer() {
	start("waitWeak", waitWeak)
	if v := runtime.Version(); !strings.HasPrefix(v, "go1.24") && !strings.HasPrefix(v, "go1.25") {
		start("leakWeak", leakWeak) // before, handles shared tiny blocks with what lives (go.dev/issue/76007)
	}
	start("waitCleanup", waitCleanup)
}

// Package shared belongs to the module of host and plugins.
package shared

// Limit is part of the interface.
const Limit = 10

// State is part of the interface.
type State struct{ N int }

// Count is one variable for the whole process.
var Count = 1

// Next is never inlined: its body is no part of the interface.
//
//go:noinline
func Next() int {
	Count++
	return Count
}

// Twice is inlined: its body is part of the interface.
func Twice(n int) int { return 2 * n }

// Package base lies below dep.
package base

// Point is embedded by dep.
type Point struct{ X int }

// Sum is short enough to be inlined.
func (p Point) Sum() int { return p.X + 1 }

// Package main at the root of a module named main: its package path is that of every program.
package main

import "main/lib"

// F is a function that the host looks up.
func F() int { lib.Count++; return lib.Count }

func main() {}

// Lone is a plugin that shares nothing with the host but the standard library.
package main

import "strings"

// F is a function that the host looks up.
func F() int { return len(strings.Repeat("x", 7)) }

func main() {}

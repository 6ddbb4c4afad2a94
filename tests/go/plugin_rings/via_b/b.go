// Via_b opens via_a through a function of another package.
package main

import "example.com/rings/opener"

func init() { start() }

//go:noinline
func start() { opener.Must("via_a.so") }

func main() {}

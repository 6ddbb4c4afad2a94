// Via_a opens via_b through a function of another package.
package main

import "example.com/rings/opener"

func init() { start() }

//go:noinline
func start() { opener.Must("via_b.so") }

func main() {}

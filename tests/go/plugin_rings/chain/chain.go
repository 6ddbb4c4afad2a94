// A plugin whose initialiser opens another through functions of two packages.
package main

import "plugin_rings/shared"

var leaf = prepare()

//go:noinline
func prepare() any { return shared.Load("leaf.so") }

func main() {}

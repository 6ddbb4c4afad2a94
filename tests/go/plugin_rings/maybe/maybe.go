// A plugin whose initialiser opens another only if it is asked to.
package main

import (
	"os"
	"plugin"
)

func init() {
	if os.Getenv("PLUGIN_RINGS") != "" {
		open("m2.so")
	}
}

//go:noinline
func open(path string) {
	if _, err := plugin.Open(path); err != nil {
		println(err.Error())
	}
}

func main() {}

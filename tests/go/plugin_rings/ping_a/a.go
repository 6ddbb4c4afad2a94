// Ping_a opens ping_b while it is opened.
package main

import "plugin"

const suffix = ".so"

func init() {
	if _, err := plugin.Open("ping_b" + suffix); err != nil {
		panic(err)
	}
}

func main() {}

// Ping_b opens ping_a while it is opened.
package main

import "plugin"

const other = "ping_a.so"

func init() {
	_, err := plugin.Open(other)
	if err != nil {
		panic(err)
	}
}

func main() {}

// If_b opens if_a while it is opened.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("if_a.so"); err != nil {
		panic(err)
	}
}

func main() {}

// A plugin whose initialiser opens b.so.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("b.so"); err != nil {
		println(err.Error())
	}
}

func main() {}

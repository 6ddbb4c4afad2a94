// A plugin whose initialiser opens a.so.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("a.so"); err != nil {
		println(err.Error())
	}
}

func main() {}

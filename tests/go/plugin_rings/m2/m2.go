// A plugin whose initialiser opens maybe.so.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("maybe.so"); err != nil {
		println(err.Error())
	}
}

func main() {}

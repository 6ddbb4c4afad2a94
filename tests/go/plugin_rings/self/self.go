// A plugin whose initialiser opens self.so.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("self.so"); err != nil {
		println(err.Error())
	}
}

func main() {}

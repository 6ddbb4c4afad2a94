// A plugin whose initialiser opens chain.so.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("chain.so"); err != nil {
		println(err.Error())
	}
}

func main() {}

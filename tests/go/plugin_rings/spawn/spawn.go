// A plugin whose initialiser starts a goroutine that opens the plugin itself: that one waits until it is ready.
package main

import "plugin"

func init() {
	go func() {
		if _, err := plugin.Open("spawn.so"); err != nil {
			println(err.Error())
		}
	}()
}

func main() {}

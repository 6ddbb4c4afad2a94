// Chain opens plain while it is opened: no ring.
package main

import "plugin"

var _, errOpen = plugin.Open("plain.so")

// Call says what became of it.
func Call() string {
	if errOpen != nil {
		return errOpen.Error()
	}
	return "chain"
}

func main() {}

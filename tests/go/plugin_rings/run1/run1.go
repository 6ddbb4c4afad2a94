// A plugin that opens another when it runs.
package main

import "plugin"

const folder = "."

// Run opens it and looks something up.
func Run() {
	opened, err := plugin.Open(folder + "/run2.so")
	if err != nil {
		panic(err)
	}
	if _, err := opened.Lookup("Run"); err != nil {
		panic(err)
	}
}

func main() {}

// Run_a opens run_b when it is called.
package main

import "plugin"

// Name is looked up by run_b.
var Name = "run_a"

// Call asks the other plugin for its name.
func Call() string {
	other, err := plugin.Open("run_b.so")
	if err != nil {
		return err.Error()
	}
	name, err := other.Lookup("Name")
	if err != nil {
		return err.Error()
	}
	return *name.(*string)
}

func main() {}

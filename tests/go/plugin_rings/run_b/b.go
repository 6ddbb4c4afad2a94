// Run_b opens run_a when it is called.
package main

import "plugin"

// Name is looked up by run_a.
var Name = "run_b"

// Call asks the other plugin for its name.
func Call() string {
	other, err := plugin.Open("run_a.so")
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

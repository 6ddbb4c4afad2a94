// Package shared opens what it is told to.
package shared

import "plugin"

// Load opens a plugin.
func Load(path string) *plugin.Plugin {
	opened, err := plugin.Open(path)
	if err != nil {
		panic(err)
	}
	return opened
}

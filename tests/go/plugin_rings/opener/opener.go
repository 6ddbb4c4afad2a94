// Package opener opens plugins for others.
package opener

import "plugin"

// Must opens a plugin or panics.
//
//go:noinline
func Must(path string) *plugin.Plugin {
	opened, err := plugin.Open(path)
	if err != nil {
		panic(err)
	}
	return opened
}

// Self opens itself while it is opened.
package main

import "plugin"

var me, errMe = plugin.Open("self.so")

// Me is what it found.
func Me() (*plugin.Plugin, error) { return me, errMe }

func main() {}

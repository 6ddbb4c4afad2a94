// Currency is a plugin that needs the plugin tax while it is opened, which needs this one: the service had to switch both off.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("plugins/tax.so"); err != nil {
		panic(err)
	}
}

// Convert is what the other wants.
func Convert(amount int) int { return amount }

func main() {}

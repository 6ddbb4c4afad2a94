// Tax is a plugin that needs the plugin currency while it is opened, which needs this one: the service had to switch both off.
package main

import "plugin"

func init() {
	if _, err := plugin.Open("plugins/currency.so"); err != nil {
		panic(err)
	}
}

// Rate is what the other wants.
func Rate(amount int) int { return amount }

func main() {}

// Audit is a plugin that was built before the orders' format changed: the service refuses it.
package main

import "example.com/orders/store"

// Format is the format that it can read.
func Format() int { return store.Version }

func main() {}

// Package mail writes to customers.
package mail

import "example.com/orders/session/links"

// Address is where somebody is written to.
func Address(name string) string { return name + "@example.com" + links.Orders }

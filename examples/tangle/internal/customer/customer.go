// Package customer knows who buys.
package customer

import "example.com/shop/internal/order"

// Customer is somebody who bought before.
type Customer struct {
	Name    string
	History []order.Order
}

// Find looks a customer up.
func Find(name string) *Customer { return &Customer{Name: name} }

// Package order knows what was bought.
package order

import (
	"example.com/shop/internal/customer"
	"example.com/shop/internal/pricing"
)

// Order is one purchase.
type Order struct {
	Buyer *customer.Customer
	Cents int
}

// New makes an order for a customer by name.
func New(name string, cents int) Order {
	return Order{Buyer: customer.Find(name), Cents: cents}
}

// Total is what the buyer pays.
func (o Order) Total() int { return pricing.Discounted(o.Buyer, o.Cents) }

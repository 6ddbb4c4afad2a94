// Package pricing knows what things cost.
package pricing

import "example.com/shop/internal/customer"

// Loyal is how many orders make a customer loyal.
const Loyal = 10

// Discounted is the price in cents for this customer.
func Discounted(c *customer.Customer, cents int) int {
	if len(c.History) >= Loyal {
		return cents * 9 / 10
	}
	return cents
}

package cache

import "weak"

// Customer is known by its visits.
type Customer struct {
	id    int
	notes [40]int64
}

// Visits counts; it also holds the customer it is kept under, so the weak key never lets go.
type Visits struct {
	of *Customer
	n  int
}

// Customers counts visits without keeping customers; or so it is meant.
type Customers struct {
	visits map[weak.Pointer[Customer]]*Visits
}

// NewCustomers makes an empty one.
func NewCustomers() *Customers {
	return &Customers{visits: make(map[weak.Pointer[Customer]]*Visits)}
}

// NewCustomer makes a customer.
func NewCustomer(id int) *Customer { return &Customer{id: id} }

// Visit counts a visit.
func (c *Customers) Visit(customer *Customer) {
	key := weak.Make(customer)
	c.visits[key] = &Visits{of: customer, n: 1}
}

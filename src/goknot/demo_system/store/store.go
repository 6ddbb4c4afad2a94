// Package store keeps orders.
package store

// Order and Line point to each other: the collector frees them once nobody holds the order.
type Order struct {
	id    int
	lines []*Line
}

// Line is a line of an order.
type Line struct {
	order *Order
	goods [32]int64
}

var latest *Order

// Place makes an order; the last one is kept.
func Place(id int) {
	o := &Order{id: id}
	o.lines = append(o.lines, &Line{order: o}, &Line{order: o})
	latest = o
}

// Ship waits for ever for somebody to take the parcel: nobody else knows the channel.
func Ship(parcels chan string, to string) {
	go func() {
		parcels <- to
	}()
}

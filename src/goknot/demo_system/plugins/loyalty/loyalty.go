// Loyalty is a plugin: customers hear what is new.
package main

import "example.com/orders/notify/hub"

// Join adds a customer.
func Join(name string) { hub.Subscribe(name) }

func main() {}

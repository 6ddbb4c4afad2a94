// orders is a small service with a knot of every kind, for `goknot demo`. Nothing here is good advice.
package main

import (
	"bufio"
	"fmt"
	"os"
	"runtime"

	"example.com/orders/cache"
	"example.com/orders/notify/hub"
	"example.com/orders/session"
	"example.com/orders/store"
)

func serve(n int) {
	customers := cache.NewCustomers()
	for i := 0; i < n; i++ {
		user := session.Open(fmt.Sprint("user-", i))
		hub.Subscribe(user.Name)
		customers.Visit(cache.NewCustomer(i))
		cache.New(fmt.Sprint("cache-", i))
		store.Ship(make(chan string), user.Name)
		store.Place(i)
	}
	visits = customers
}

var visits *cache.Customers

func main() {
	serve(100)
	runtime.GC()
	runtime.GC()
	fmt.Println("ready")
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(visits)
}

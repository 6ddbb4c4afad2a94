// orders is a small service with a knot of every kind, for `goknot demo`. Nothing here is good advice.
package main

import (
	"bufio"
	"fmt"
	"os"
	"plugin"
	"runtime"

	"example.com/orders/cache"
	"example.com/orders/notify/hub"
	"example.com/orders/session"
	"example.com/orders/store"
)

func serve(n int, grant func(int), join func(string)) {
	customers := cache.NewCustomers()
	for i := range n {
		user := session.Open(fmt.Sprint("user-", i))
		join(user.Name)
		grant(i)
		customers.Visit(cache.NewCustomer(i))
		cache.New(fmt.Sprint("cache-", i))
		store.Ship(make(chan string), user.Name)
		store.Place(i)
	}
	visits = customers
}

var visits *cache.Customers

// lookup finds a function of a plugin; other is used while the plugin does not open.
func lookup[F any](path, name string, other F) F {
	opened, err := plugin.Open(path)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return other
	}
	found, err := opened.Lookup(name)
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		return other
	}
	return found.(F)
}

func main() {
	grant := lookup("plugins/discount.so", "Grant", func(int) {})
	join := lookup("plugins/loyalty.so", "Join", hub.Subscribe)
	format := lookup("plugins/audit.so", "Format", func() int { return store.Version })
	serve(100, grant, join)
	runtime.GC()
	runtime.GC()
	fmt.Println("ready, format", format())
	bufio.NewReader(os.Stdin).ReadString('\n')
	runtime.KeepAlive(visits)
}

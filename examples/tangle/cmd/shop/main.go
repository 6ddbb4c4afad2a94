// Command shop serves the shop.
package main

import (
	"fmt"

	"example.com/shop/internal/order"
	"example.com/shop/tax"
	"example.com/shop/web/handlers"
)

func main() {
	o := order.New("ada", 1200)
	fmt.Println(o.Total(), tax.Due(1200), handlers.Home())
}

package ledger_test // legal: an external test may import what imports the package

import (
	"fmt"

	"example.com/shop/internal/ledger"
	"example.com/shop/internal/report"
)

func ExampleSum() {
	fmt.Println(report.Line([]ledger.Cents{1, 2}))
	// Output: 3
}

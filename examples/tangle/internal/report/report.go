// Package report prints the books.
package report

import (
	"fmt"

	"example.com/shop/internal/ledger"
)

// Line is one line of the report.
func Line(amounts []ledger.Cents) string { return fmt.Sprint(ledger.Sum(amounts)) }

// Package ledger keeps the books.
package ledger

// Cents is an amount of money.
type Cents int

// Sum adds amounts up.
func Sum(amounts []Cents) (total Cents) {
	for _, amount := range amounts {
		total += amount
	}
	return total
}

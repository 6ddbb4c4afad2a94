// Package tax is a module of its own, yet it needs the shop's ledger.
package tax

import "example.com/shop/internal/ledger"

// Due is what the state gets of an amount in cents.
func Due(cents ledger.Cents) ledger.Cents { return cents / 5 }

package ledger

import (
	"testing"

	"example.com/shop/internal/testkit"
)

func TestSum(t *testing.T) {
	if Sum(testkit.Amounts()) != 3 {
		t.Fatal("wrong sum")
	}
}

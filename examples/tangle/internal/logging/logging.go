// Package logging writes lines with a time.
package logging

import (
	"fmt"

	"example.com/shop/internal/clock"
)

// Print writes one line.
func Print(line string) { fmt.Println(clock.Now(), line) }

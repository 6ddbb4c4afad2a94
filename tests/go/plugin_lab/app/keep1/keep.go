// Keep1 keeps a pointer in a variable of a package that the host has not.
package main

import (
	"example.com/lab/common"
	"example.com/shared"
)

// Keep keeps it.
func Keep(p *int) { common.Kept = p; shared.Count++ }

// Kept gives it back.
func Kept() *int { return common.Kept }

func main() {}
